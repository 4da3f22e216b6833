# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of a test: makes certificates for servers and clients, also bad ones."""
import datetime
import ipaddress
import os
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """Files NAME.pem and NAME.key in a directory of its own; its own certificate is `ca`."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="authjwt-ca-")
        os.chmod(self.dir, 0o755)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca = self._write("ca", self.key, self._sign("ca", self.key.public_key(), DAY, (), True))[0]

    def _sign(self, common, public, life, hosts, is_ca=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        begin = now - 3 * DAY
        builder = (x509.CertificateBuilder().subject_name(name(common)).issuer_name(name("ca")).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(now + life)
                   .add_extension(x509.BasicConstraints(is_ca, None), True))
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() or ":" in host else x509.DNSName(host) for host in hosts]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, stem, key, certificate):
        paths = os.path.join(self.dir, stem + ".pem"), os.path.join(self.dir, stem + ".key")
        for path, content in zip(paths, (certificate.public_bytes(Encoding.PEM),
                                         key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))):
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o600 if path.endswith(".key") else 0o644)
        return paths

    def issue(self, stem, *hosts, expired=False):
        """(certificate, private key), paths; for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(stem, key, self._sign(stem, key.public_key(), -DAY if expired else DAY, hosts))
