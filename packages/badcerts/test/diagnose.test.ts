import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BadCertCase, cases } from '@postern/badcerts';
import { DEFAULT_POLICY, diagnose, parseCertificate, parseCrl, problemKey } from '@postern/trust';

/** The names that Node gives to OpenSSL's error numbers; it has none for the rest. */
const NODE_CODES: Readonly<Record<number, string>> = {
  2: 'UNABLE_TO_GET_ISSUER_CERT',
  7: 'CERT_SIGNATURE_FAILURE',
  9: 'CERT_NOT_YET_VALID',
  10: 'CERT_HAS_EXPIRED',
  18: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  19: 'SELF_SIGNED_CERT_IN_CHAIN',
  20: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  25: 'PATH_LENGTH_EXCEEDED',
  26: 'INVALID_PURPOSE',
  62: 'ERR_TLS_CERT_ALTNAME_INVALID',
  64: 'ERR_TLS_CERT_ALTNAME_INVALID',
  79: 'INVALID_CA',
};

/**
 * What a handshake hands on of OpenSSL's verdict: a code; null where it authorised the chain;
 * undefined for cases on paper, of which there is no handshake.
 */
function opensslCode({ openssl, onPaper }: BadCertCase): string | null | undefined {
  if (onPaper !== undefined || openssl === 'unreadable') return undefined;
  return openssl === 'ok' ? null : (NODE_CODES[openssl] ?? 'UNSPECIFIED');
}

for (const one of cases) {
  test(`${one.id} shows exactly ${one.expected.join(', ') || 'no problem'}`, async () => {
    const { presented, anchors, disallowed, lists } = await one.make();
    const { problems, remarks } = diagnose({
      presented,
      serverName: one.serverName,
      anchors: anchors.map((der) => ({
        certificate: parseCertificate(der),
        origin: { kind: 'system', source: one.id },
      })),
      policy: {
        ...DEFAULT_POLICY,
        disallowedCertificates: disallowed,
        revocation: lists === null ? 'off' : 'required',
        minimumTlsVersion: one.minimumTlsVersion ?? DEFAULT_POLICY.minimumTlsVersion,
      },
      revocationLists: (lists ?? []).map((der) => parseCrl(der, one.id)),
      at: one.at,
      protocol: one.tls?.maxVersion ?? 'TLSv1.3',
      // A handshake knows nothing of lists.
      openssl: lists === null ? opensslCode(one) : null,
    });
    // One certificate may be malformed for several reasons.
    assert.deepEqual([...new Set(problems.map(problemKey))], one.expected);
    assert.deepEqual(remarks.map(({ kind }) => kind).sort(), [...one.remarks].sort());
  });
}
