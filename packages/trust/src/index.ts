/**
 * `@postern/trust`: the gate for any Node.js TLS client. Verifies, lists every problem, asks a
 * person, remembers by fingerprint until a date, warns of another certificate, can be told to stop.
 */

export * from './anchors.ts';
export * from './certificate.ts';
export * from './clock.ts';
export * from './decide.ts';
export * from './diagnose.ts';
export { endpointKey, toEndpoint } from './endpoint.ts';
export * from './errors.ts';
export * from './gate.ts';
export * from './intervals.ts';
export * from './overrides.ts';
export * from './ownership.ts';
export * from './policy.ts';
export * from './policy-document.ts';
export type { IgnoredValue } from './policy-layers.ts';
export * from './problem.ts';
export * from './question.ts';
export * from './status.ts';
export * from './system-roots.ts';
export * from './user-roots.ts';
