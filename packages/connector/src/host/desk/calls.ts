/**
 * What the desk may call, as data: what is not here is not there for it. Another part of Postern gets
 * a line here on purpose or not at all.
 */

/** One call. */
export interface DeskCall {
  /** Who makes it: a person's doing keeps the window awake, what the page asks by itself does not. */
  by: 'page' | 'person';
  maxBodyBytes: number;
}

/** Largest JSON body, in bytes: a root in PEM or a profile needs a tenth of it. */
const SMALL = 64 * 1024;

const page: DeskCall = { by: 'page', maxBodyBytes: SMALL };
const person: DeskCall = { by: 'person', maxBodyBytes: SMALL };

/** By method and path, as they stand in the table of routes. Lists that are read again whenever something arrives count as the page's. */
export const DESK_CALLS: Readonly<Record<string, DeskCall>> = {
  'GET /api/status': page,
  'GET /api/events': page,
  'POST /api/trust/*': person,
  'POST /api/trust/stop': person,
  'GET /api/trust': page,
  'GET /api/roots': page,
  'POST /api/roots': person,
  'DELETE /api/roots/*': person,
  'GET /api/policy': page,
  'GET /api/servers/*/*/certificate': page,
  'GET /api/servers/*/*/certificates': page,
  'POST /api/look': person,
  'POST /api/discover': person,
  'GET /api/history': page,
  'GET /api/history/export': person,
  'GET /api/profiles': page,
  'POST /api/profiles': person,
  'GET /api/profiles/*': page,
  'PATCH /api/profiles/*': person,
  'DELETE /api/profiles/*': person,
  'POST /api/profiles/*/password': person,
  'POST /api/profiles/*/send-receive': person,
  'POST /api/profiles/*/work-offline': person,
  'GET /api/profiles/*/folders': page,
  'GET /api/profiles/*/gal': person,
  'GET /api/profiles/*/signatures': page,
  'GET /api/profiles/*/senders': page,
  'GET /api/profiles/*/preferences': page,
  'GET /api/profiles/*/upgrade': page,
  'GET /api/profiles/*/outbox': page,
  'GET /api/profiles/*/messages': page,
  'GET /api/profiles/*/messages/*': person,
  'GET /api/profiles/*/messages/*/raw': person,
};

/** For the control socket alone: it makes codes, ends the daemon, trusts without a question, takes whole messages. */
export const SOCKET_CALLS: readonly string[] = [
  'POST /api/desk',
  'POST /api/stop',
  'POST /api/trust/add',
  'POST /api/profiles/*/outbox',
];
