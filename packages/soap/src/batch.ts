/** BatchRequest: several requests in one, answered in order. */

import { type Element, element, NAMESPACE, textOf } from './element.ts';
import { faultElement, readFault, SoapFault } from './fault.ts';

/** Builds BatchRequest; the requests get ids `0`, `1`, ..., by which the answers are found. */
export function batchRequest(
  requests: readonly Element[],
  onError: 'continue' | 'stop' = 'continue',
): Element {
  return element('BatchRequest', {
    ns: NAMESPACE.zimbra,
    attributes: { onerror: onError },
    children: requests.map((one, index) => ({
      ...one,
      form: 'list' as const,
      attributes: { ...one.attributes, requestId: String(index) },
    })),
  });
}

/** Reads BatchRequest. JSON keeps the order of requests of one name only. */
export function readBatchRequest(request: Element): {
  requests: readonly { request: Element; requestId: string | null }[];
  stopOnError: boolean;
} {
  return {
    requests: request.children.map((one) => ({
      request: one,
      requestId: textOf(one, 'requestId'),
    })),
    stopOnError: textOf(request, 'onerror') === 'stop',
  };
}

/** Builds BatchResponse from responses and faults. */
export function batchResponse(
  answers: readonly { requestId: string | null; answer: Element | SoapFault }[],
): Element {
  return element('BatchResponse', {
    ns: NAMESPACE.zimbra,
    children: answers.map(({ requestId, answer }) => {
      const one = answer instanceof SoapFault ? faultElement(answer) : answer;
      const attributes = requestId === null ? one.attributes : { ...one.attributes, requestId };
      return { ...one, attributes, form: 'list' as const };
    }),
  });
}

/**
 * Reads BatchResponse to a {@link batchRequest} of `count` requests: for each its response, its fault, or
 * null where it was not answered (after `stop`).
 */
export function readBatchResponse(
  response: Element,
  count: number,
): readonly (Element | SoapFault | null)[] {
  const answers: (Element | SoapFault | null)[] = new Array<null>(count).fill(null);
  for (const one of response.children) {
    const index = Number(textOf(one, 'requestId'));
    if (!Number.isInteger(index) || index < 0 || index >= count) continue;
    answers[index] = one.name === 'Fault' ? readFault(one) : one;
  }
  return answers;
}
