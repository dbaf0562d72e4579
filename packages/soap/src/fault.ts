/** Faults both ways: what a server answers instead of a response (ZCS: SoapProtocol.soapFault). */

import {
  childOf,
  childrenOf,
  type Element,
  element,
  member,
  NAMESPACE,
  requiredChildOf,
  textOf,
} from './element.ts';

/** Whose fault it was: the sender's (a bad request) or the receiver's (the server). */
export type FaultRole = 'Receiver' | 'Sender';

/**
 * An answer that is a fault. `code` is Zimbra's own, verbatim (`account.AUTH_FAILED`); `reason` is the server's sentence and
 * must be treated as text of a stranger; `detail` holds the fault's arguments (`itemId`, `name`, ...).
 */
export class SoapFault extends Error {
  override readonly name = 'SoapFault';
  readonly code: string;
  readonly reason: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly role: FaultRole;
  /** The server's own mark for finding the fault in its log. */
  readonly trace: string | null;
  /** Which request of a batch it answers. */
  readonly requestId: string | null;

  constructor(
    code: string,
    reason: string,
    about: {
      role?: FaultRole;
      detail?: Readonly<Record<string, string>>;
      trace?: string | null;
      requestId?: string | null;
      cause?: unknown;
    } = {},
  ) {
    super(reason, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.reason = reason;
    this.role = about.role ?? 'Sender';
    this.detail = about.detail ?? {};
    this.trace = about.trace ?? null;
    this.requestId = about.requestId ?? null;
  }
}

/** The `Fault` element of a fault. */
export function faultElement(fault: SoapFault): Element {
  const error = element('Error', {
    ns: NAMESPACE.zimbra,
    form: 'unique',
    children: [
      member('Code', fault.code),
      member('Trace', fault.trace),
      ...Object.entries(fault.detail).map(([key, value]) =>
        element('a', { attributes: { n: key, t: argumentType(key) }, text: value }),
      ),
    ],
  });
  return element('Fault', {
    ns: NAMESPACE.soap,
    form: 'unique',
    attributes: { requestId: fault.requestId },
    children: [
      element('Code', { form: 'unique', children: [member('Value', `soap:${fault.role}`)] }),
      element('Reason', { form: 'unique', children: [member('Text', fault.reason)] }),
      element('Detail', { form: 'unique', children: [error] }),
    ],
  });
}

/** ZCS types a fault's arguments; an item id is IID, all others here are strings. */
function argumentType(key: string): string {
  return key === 'itemId' ? 'IID' : 'STR';
}

/** Reads a `Fault` element. Throws ERR_SOAP_INVALID where it has no error code. */
export function readFault(fault: Element): SoapFault {
  const error = requiredChildOf(requiredChildOf(fault, 'Detail'), 'Error');
  const reasonElement = childOf(fault, 'Reason');
  const value = textOf(childOf(fault, 'Code') ?? fault, 'Value') ?? '';
  const detail: Record<string, string> = {};
  for (const one of childrenOf(error, 'a')) {
    const key = textOf(one, 'n');
    if (key !== null && key !== '__proto__') detail[key] = one.text ?? '';
  }
  return new SoapFault(
    textOf(error, 'Code') ?? 'service.FAILURE',
    (reasonElement === null ? null : textOf(reasonElement, 'Text')) ?? '',
    {
      role: value.endsWith('Receiver') ? 'Receiver' : 'Sender',
      detail,
      trace: textOf(error, 'Trace'),
      requestId: textOf(fault, 'requestId'),
    },
  );
}
