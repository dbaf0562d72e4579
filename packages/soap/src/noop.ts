/** NoOp: shows that a session lives; with `wait`, also change detection where a server has no wait sets. */

import { booleanOf, type Element, element, NAMESPACE, numberOf } from './element.ts';

/** Builds NoOpRequest. `timeoutMs` is in milliseconds on the wire too, unlike WaitSet's. */
export function noOpRequest(wait: { timeoutMs: number } | null = null): Element {
  return element('NoOpRequest', {
    ns: NAMESPACE.mail,
    attributes: wait === null ? {} : { wait: 1, timeout: wait.timeoutMs, limitToOneBlocked: 1 },
  });
}

/** Reads NoOpRequest. */
export function readNoOpRequest(request: Element): {
  wait: boolean;
  timeoutMs: number | null;
  limitToOneBlocked: boolean;
} {
  return {
    wait: booleanOf(request, 'wait'),
    timeoutMs: numberOf(request, 'timeout'),
    limitToOneBlocked: booleanOf(request, 'limitToOneBlocked'),
  };
}

/** Builds NoOpResponse; `displaced` where a later wait took this one's place. */
export function noOpResponse(displaced = false): Element {
  return element('NoOpResponse', {
    ns: NAMESPACE.mail,
    attributes: { waitDisallowed: displaced ? 1 : null },
  });
}

/** Reads NoOpResponse. */
export function readNoOpResponse(response: Element): { displaced: boolean } {
  return { displaced: booleanOf(response, 'waitDisallowed') };
}
