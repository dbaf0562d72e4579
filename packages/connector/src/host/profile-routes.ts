/** Profiles at the daemon's API: making, changing and removing them, their connections and what they brought. */

import { toEndpoint } from '@postern/trust';
import type { SendReceiveReport } from '../api.ts';
import { storedPreferences } from '../connections/preferences.ts';
import { storedSenders } from '../connections/senders.ts';
import { storedSignatures } from '../connections/signatures.ts';
import { storedUpgrade } from '../connections/upgrade.ts';
import type { Engine } from '../engine.ts';
import { upgradeProfile } from '../legacy-profile.ts';
import { checkProfile, type Profile } from '../profile.ts';
import {
  answer,
  type Exchange,
  HostError,
  integerQuery,
  readBody,
  readObject,
  textField,
} from './exchange.ts';
import type { HostOptions } from './host.ts';
import type { Route } from './routes.ts';
import { unreadableProfile } from './unreadable.ts';

/** Largest message that is taken into the outbox, in bytes. */
const MAX_MESSAGE_BYTES = 40 * 1024 * 1024;

/** Most lines of one page. */
const MAX_PAGE = 1000;

const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** The routes under `/api/profiles`. */
export function profileRoutes(options: HostOptions): readonly Route[] {
  const { profiles, engines } = options;

  function nameOf({ params }: Exchange): string {
    const [name] = params;
    if (name !== undefined && profiles.has(name)) return name;
    throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such profile');
  }

  const engineOf = (exchange: Exchange): Promise<Engine> => engines.open(nameOf(exchange));

  function describe(name: string): unknown {
    const engine = engines.find(name);
    return {
      profile: engine?.profile ?? profiles.read(name),
      report: engine?.report() ?? null,
      hasPassword: engines.hasPassword(name),
    };
  }

  /** All of them; one that cannot be read must not hide the others. */
  function list(): unknown {
    return profiles.names().map((name) => {
      const unreadable = unreadableProfile(name, options);
      return unreadable === null ? describe(name) : { profile: null, unreadable };
    });
  }

  async function create({ request }: Exchange): Promise<unknown> {
    const body = await readObject(request);
    const { legacy, ...rest } = body;
    const { profile, notices } =
      legacy === undefined
        ? { profile: checkProfile(rest, 'profile'), notices: [] }
        : fromLegacy(textField(body, 'legacy'), rest.name);
    if (profiles.has(profile.name)) {
      // Where that one cannot be read, this is what there is to say.
      profiles.read(profile.name);
      throw new HostError(409, 'ERR_EXISTS', `there is a profile "${profile.name}" already`);
    }
    profiles.save(profile);
    await engines.open(profile.name);
    return { profile, notices };
  }

  /** A change takes effect at once: the engine is made anew, and goes online again where it was. */
  async function change(exchange: Exchange): Promise<unknown> {
    const name = nameOf(exchange);
    const changes = await readObject(exchange.request);
    const before = engines.find(name)?.profile ?? profiles.read(name);
    const advanced = { ...before.advanced, ...(changes.advanced ?? {}) };
    const profile = checkProfile({ ...before, ...changes, advanced }, 'profile');
    if (profile.name !== name)
      throw new HostError(400, 'ERR_BODY_INVALID', 'a profile keeps its name');
    if (isOtherAccount(before, profile)) {
      throw new HostError(
        409,
        'ERR_OTHER_ACCOUNT',
        'another account or server needs a profile of its own',
      );
    }
    const wasOnline = engines.find(name)?.report().workOffline === null;
    await engines.close(name);
    profiles.save(profile);
    const engine = await engines.open(name);
    if (wasOnline) void engine.start('person');
    return describe(name);
  }

  async function remove(exchange: Exchange): Promise<unknown> {
    const name = nameOf(exchange);
    await engines.close(name);
    engines.setPassword(name, null);
    profiles.remove(name);
    return {};
  }

  async function setPassword(exchange: Exchange): Promise<unknown> {
    const name = nameOf(exchange);
    engines.setPassword(name, textField(await readObject(exchange.request), 'password'));
    return {};
  }

  async function sendReceive(exchange: Exchange): Promise<SendReceiveReport | undefined> {
    const engine = await engineOf(exchange);
    const running = engine.sendReceive();
    if (exchange.query.get('wait') !== '0') return running;
    running.catch(() => {});
    answer(exchange.response, 202, engine.report());
    return undefined;
  }

  async function workOffline(exchange: Exchange): Promise<unknown> {
    const engine = await engineOf(exchange);
    const { on } = await readObject(exchange.request);
    if (typeof on !== 'boolean')
      throw new HostError(400, 'ERR_BODY_INVALID', '"on" must be true or false');
    if (on) engine.workOffline('by-hand');
    else void engine.goOnline();
    return engine.report();
  }

  async function messages(exchange: Exchange): Promise<unknown> {
    const { store } = await engineOf(exchange);
    const { query } = exchange;
    return store.messages({
      folderId: integerQuery(query, 'folder', null, EVERYTHING),
      limit: integerQuery(query, 'limit', 50, MAX_PAGE) ?? 50,
      beforeId: integerQuery(query, 'before', null, EVERYTHING),
    });
  }

  async function message(exchange: Exchange): Promise<unknown> {
    const found = await (await engineOf(exchange)).store.detail(idOf(exchange));
    if (found === null) throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such message');
    return found;
  }

  async function raw(exchange: Exchange): Promise<undefined> {
    const found = await (await engineOf(exchange)).store.item(idOf(exchange));
    if (found?.raw == null) throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such message');
    exchange.response.writeHead(200, {
      // Never rendered by whoever asks: it is a stranger's.
      'Content-Type': 'application/octet-stream',
      'Content-Length': found.raw.length,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    });
    exchange.response.end(found.raw);
    return undefined;
  }

  async function send(exchange: Exchange): Promise<{ id: string }> {
    const engine = await engineOf(exchange);
    const message = await readBody(exchange.request, MAX_MESSAGE_BYTES);
    if (message.length === 0) throw new HostError(400, 'ERR_BODY_INVALID', 'message is empty');
    return { id: await engine.send(message) };
  }

  async function gal(exchange: Exchange): Promise<unknown> {
    const { query } = exchange;
    const limit = integerQuery(query, 'limit', 50, MAX_PAGE) ?? 50;
    return (await engineOf(exchange)).store.searchGal(query.get('query') ?? '', limit);
  }

  const stored =
    (read: (store: Engine['store']) => Promise<unknown>) =>
    async (exchange: Exchange): Promise<unknown> =>
      read((await engineOf(exchange)).store);

  const one = '/api/profiles/*';
  return [
    { method: 'GET', path: '/api/profiles', run: list },
    { method: 'POST', path: '/api/profiles', status: 201, run: create },
    { method: 'GET', path: one, run: (exchange) => describe(nameOf(exchange)) },
    { method: 'PATCH', path: one, run: change },
    { method: 'DELETE', path: one, run: remove },
    { method: 'POST', path: `${one}/password`, run: setPassword },
    { method: 'POST', path: `${one}/send-receive`, run: sendReceive },
    { method: 'POST', path: `${one}/work-offline`, run: workOffline },
    { method: 'GET', path: `${one}/folders`, run: stored((store) => store.folders()) },
    { method: 'GET', path: `${one}/messages`, run: messages },
    { method: 'GET', path: `${one}/messages/*`, run: message },
    { method: 'GET', path: `${one}/messages/*/raw`, run: raw },
    { method: 'POST', path: `${one}/outbox`, status: 201, run: send },
    { method: 'GET', path: `${one}/outbox`, run: stored((store) => store.outbox()) },
    { method: 'GET', path: `${one}/gal`, run: gal },
    { method: 'GET', path: `${one}/signatures`, run: stored(storedSignatures) },
    { method: 'GET', path: `${one}/senders`, run: stored(storedSenders) },
    { method: 'GET', path: `${one}/preferences`, run: stored(storedPreferences) },
    { method: 'GET', path: `${one}/upgrade`, run: stored(storedUpgrade) },
  ];
}

function idOf({ params }: Exchange): number {
  const [, id] = params;
  if (id !== undefined && /^\d{1,15}$/.test(id)) return Number(id);
  throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such message');
}

function fromLegacy(
  content: string,
  name: unknown,
): { profile: Profile; notices: readonly string[] } {
  const upgraded = upgradeProfile(content, 'legacy profile');
  if (typeof name !== 'string') return upgraded;
  return { ...upgraded, profile: checkProfile({ ...upgraded.profile, name }, 'profile') };
}

/** A local store belongs to one account: its ids and tokens mean nothing to another. */
function isOtherAccount(before: Profile, after: Profile): boolean {
  return (
    before.email.toLowerCase() !== after.email.toLowerCase() ||
    toEndpoint(before.serverName, 1).host !== toEndpoint(after.serverName, 1).host
  );
}
