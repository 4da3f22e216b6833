// SPDX-License-Identifier: Apache-2.0
// npm's jose as a third party: one JSON job per line on stdin, one JSON answer per line on stdout.
import { createInterface } from 'node:readline'
import * as jose from 'jose'

async function keyOf ({ alg, form, key }) {
  if (form === 'url') return jose.createRemoteJWKSet(new URL(key))
  if (form === 'set') return jose.createLocalJWKSet(JSON.parse(key))
  if (form === 'jwk') return jose.importJWK(JSON.parse(key), alg)
  if (alg.startsWith('HS')) return new TextEncoder().encode(key)
  return key.includes('PRIVATE') ? jose.importPKCS8(key, alg) : jose.importSPKI(key, alg)
}

async function sign (job) {
  const key = job.form === 'set'
    ? await keyOf({ ...job, form: 'jwk', key: JSON.stringify(JSON.parse(job.key).keys[0]) })
    : await keyOf(job)
  return new jose.SignJWT(job.claims).setProtectedHeader({ alg: job.alg, ...(job.kid && { kid: job.kid }) }).sign(key)
}

async function verify (job) {
  const { payload } = await jose.jwtVerify(job.token, await keyOf(job), { algorithms: [job.alg] })
  return payload
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  const answer = await (job.claims ? sign(job) : verify(job)).then(ok => ({ ok }), wrong => ({ wrong: String(wrong) }))
  process.stdout.write(JSON.stringify(answer) + '\n')
}
