# SPDX-License-Identifier: Apache-2.0
"""A private slapd with people and groups: ann, bob and cara of Known.passwords.

    with Slapd() as directory: Httpd(CONFIG.replace("@ldap@", directory.url), modules=Slapd.MODULES)

stop() and start() make it go away and come back at the same address.
"""
import os
import subprocess

from authjwt_env import Known
from authjwt_leaks import register_secret
from authjwt_service import Service, free_port

SUFFIX = "dc=example,dc=com"
CONFIG = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %(dir)s/slapd.pid
TLSCertificateFile %(dir)s/certificate.pem
TLSCertificateKeyFile %(dir)s/certificate.key
database mdb
maxsize 16777216
suffix "dc=example,dc=com"
rootdn "cn=root,dc=example,dc=com"
rootpw %(root)s
directory %(dir)s/db
access to attrs=userPassword by self write by anonymous auth by * none
access to * by users read by anonymous auth by * none
"""
TREE = """dn: dc=example,dc=com
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: cn=httpd,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: httpd
userPassword: %(service)s
"""
PERSON = """
dn: uid=%(uid)s,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: %(uid)s
cn: %(cn)s
sn: %(uid)s
mail: %(uid)s@example.com
employeeType: %(kind)s
userPassword: %(password)s
"""
GROUP = "\ndn: cn=%s,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\ncn: %s\n%s"


def dn(uid):
    return "uid=%s,ou=people,%s" % (uid, SUFFIX)


def group(name, *members):
    return GROUP % (name, name, "".join("member: %s\n" % dn(one) for one in members))


class Slapd(Service):
    MODULES = ("ldap", "authnz_ldap", "authn_socache")
    service_password = register_secret("service-of-httpd-" + os.urandom(6).hex())
    root_password = register_secret("root-of-slapd-" + os.urandom(6).hex())

    def __init__(self, *more):
        """more: further entries as LDIF."""
        super().__init__()
        self.port = free_port()
        os.mkdir(self.path("db"), 0o700)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.path("certificate.key"),
                        "-out", self.path("certificate.pem")], check=True, capture_output=True)
        self.config = self.write("slapd.conf", CONFIG % {"dir": self.dir, "root": self.root_password})
        tree = TREE % {"service": self.service_password}
        kinds = {"ann": "permanent", "bob": "contractor", "cara": "permanent"}
        for uid, password in Known.passwords.items():
            tree += PERSON % {"uid": uid, "cn": uid.title(), "kind": kinds[uid], "password": password}
        tree += group("admins", "ann") + group("staff", "ann", "bob") + "".join(more)
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.config, "-l", self.write("tree.ldif", tree)], check=True, capture_output=True)
        self.start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    @property
    def url(self):
        return "ldap://" + self.address

    def start(self):
        self.run(["/usr/sbin/slapd", "-f", self.config, "-h", self.url, "-d", "0"], ("127.0.0.1", self.port))
        return self

    def stop(self):
        self.kill()

    def change(self, ldif):
        """Apply changes, as ldapmodify reads them."""
        done = subprocess.run(["ldapmodify", "-x", "-H", self.url, "-D", "cn=root," + SUFFIX, "-w", self.root_password], input=ldif, text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
