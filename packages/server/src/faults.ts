/** The faults that this server answers, with ZCS's codes and sentences. */

import { SoapFault } from '@postern/soap';

/** Makes a fault: `fault.noSuchFolder('999')`. */
export const fault = {
  invalidRequest: (what: string) =>
    new SoapFault('service.INVALID_REQUEST', `invalid request: ${what}`),
  unknownDocument: (name: string) =>
    new SoapFault('service.UNKNOWN_DOCUMENT', `unknown document: ${name}`),
  parseError: (what: string) => new SoapFault('service.PARSE_ERROR', what),
  permissionDenied: (what: string) =>
    new SoapFault('service.PERM_DENIED', `permission denied: ${what}`),
  authRequired: () => new SoapFault('service.AUTH_REQUIRED', 'no valid authtoken present'),
  authExpired: () => new SoapFault('service.AUTH_EXPIRED', 'auth credentials have expired'),
  /** The same for a wrong password and for an account that is not there: neither is told. */
  authFailed: (name: string) =>
    new SoapFault('account.AUTH_FAILED', `authentication failed for [${name}]`),
  failure: (trace: string) =>
    new SoapFault('service.FAILURE', 'system failure: see the server log', {
      role: 'Receiver',
      trace,
    }),
  unavailable: () =>
    new SoapFault('service.TEMPORARILY_UNAVAILABLE', 'service temporarily unavailable', {
      role: 'Receiver',
    }),
  noSuchAccount: (name: string) =>
    new SoapFault('account.NO_SUCH_ACCOUNT', `no such account: ${name}`),
  noSuchServer: (name: string) =>
    new SoapFault('account.NO_SUCH_SERVER', `no such server: ${name}`),
  invalidAttribute: (what: string) => new SoapFault('account.INVALID_ATTR_VALUE', what),
  noSuchSignature: (id: string) =>
    new SoapFault('account.NO_SUCH_SIGNATURE', `no such signature: ${id}`),
  signatureExists: (name: string) =>
    new SoapFault('account.SIGNATURE_EXISTS', `signature with that name already exists: ${name}`),
  tooManySignatures: (most: number) =>
    new SoapFault('account.TOO_MANY_SIGNATURES', `too many signatures. Max allowed is ${most}`),
  noSuchFolder: (id: number | string) =>
    new SoapFault('mail.NO_SUCH_FOLDER', `no such folder id: ${id}`, {
      detail: { itemId: String(id) },
    }),
  noSuchMessage: (id: number) =>
    new SoapFault('mail.NO_SUCH_MSG', `no such message: ${id}`, { detail: { itemId: String(id) } }),
  noSuchItem: (id: number) =>
    new SoapFault('mail.NO_SUCH_ITEM', `no such item: ${id}`, { detail: { itemId: String(id) } }),
  noSuchUpload: (id: string) =>
    new SoapFault('mail.NO_SUCH_UPLOAD', `upload not found: ${id}`, { detail: { id } }),
  noSuchTag: (name: string) => new SoapFault('mail.NO_SUCH_TAG', `no such tag: ${name}`),
  alreadyExists: (name: string) =>
    new SoapFault('mail.ALREADY_EXISTS', `object with that name already exists: ${name}`, {
      detail: { name },
    }),
  invalidName: (name: string) =>
    new SoapFault('mail.INVALID_NAME', `invalid name: ${name}`, { detail: { name } }),
  immutable: (id: number) =>
    new SoapFault('mail.IMMUTABLE_OBJECT', `cannot modify immutable object: ${id}`, {
      detail: { itemId: String(id) },
    }),
  cannotContain: () => new SoapFault('mail.CANNOT_CONTAIN', 'cannot put object in that folder'),
  mustResync: (why: string) => new SoapFault('mail.MUST_RESYNC', why),
  queryParseError: (query: string) =>
    new SoapFault('mail.QUERY_PARSE_ERROR', `couldn't parse query: ${query}`),
  sendAborted: (addresses: readonly string[]) =>
    new SoapFault(
      'mail.SEND_ABORTED_ADDRESS_FAILURE',
      'invalid address: '.concat(addresses.join(', ')),
      { detail: { invalid: addresses.join(',') } },
    ),
  noSuchWaitSet: (id: string) =>
    new SoapFault('admin.NO_SUCH_WAITSET', `no such wait set id: ${id}`, { detail: { id } }),
};
