/**
 * `@postern/connector`: profile, session, engine and the eight connections, all through the gate,
 * and the daemon's API as a request handler.
 */

export * from './administrator-report.ts';
export * from './api.ts';
export * from './asker.ts';
export * from './diagnosis-report.ts';
export * from './engine.ts';
export * from './engines.ts';
export * from './errors.ts';
export * from './history/history.ts';
export * from './history/recorder.ts';
export { createDesk, type Desk } from './host/desk/listener.ts';
export { createViewTickets } from './host/desk/view-tickets.ts';
export * from './host/host.ts';
export * from './legacy-profile.ts';
export { PHRASES } from './phrases.ts';
export * from './profile.ts';
export * from './report.ts';
export type { MailStore } from './store/records.ts';
export { openStore } from './store/store.ts';
