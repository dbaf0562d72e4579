/** The engines of the daemon: one per profile, with the passwords, which live in memory alone. */

import type { Clock, Gate } from '@postern/trust';
import { createEngine, type Engine, type EngineEvent } from './engine.ts';
import type { Profile, Profiles } from './profile.ts';
import { createTraffic, type Traffic } from './traffic.ts';

/** What the engines are made of. */
export interface EnginesOptions {
  gate: Gate;
  profiles: Profiles;
  clock: Clock;
  version: string;
  log?: (line: string) => void;
}

/** All engines of one user. */
export interface Engines {
  names(): readonly string[];
  /** The running engine of a profile, or null. */
  find(name: string): Engine | null;
  /** Why the profile could not be opened when that was tried last; null if it could, or was not tried. */
  failure(name: string): unknown;
  /** Opens the profile's store and makes its engine; the same one where it is there already. Throws StoreError, FormatError. */
  open(name: string): Promise<Engine>;
  /** Ends the engine of a profile; it must be opened again after its profile was changed. */
  close(name: string): Promise<void>;
  /** Keeps the password in memory, and nowhere else, until the daemon ends or the server refuses it. */
  setPassword(name: string, password: string | null): void;
  hasPassword(name: string): boolean;
  subscribe(listener: (name: string, event: EngineEvent) => void): () => void;
  stop(): Promise<void>;
}

/** Makes the engines; none is opened yet. */
export function createEngines({ gate, profiles, clock, version, log }: EnginesOptions): Engines {
  const engines = new Map<string, Promise<Engine>>();
  const opened = new Map<string, Engine>();
  const failures = new Map<string, unknown>();
  const passwords = new Map<string, string>();
  const traffics = new Map<string, Traffic>();
  const listeners = new Set<(name: string, event: EngineEvent) => void>();

  const tell = (name: string, event: EngineEvent): void => {
    for (const listener of [...listeners]) listener(name, event);
  };

  /** One for each account: a profile that was removed and made for another one begins at nothing. */
  function trafficOf({ name, email, serverName }: Profile): Traffic {
    const key = `${name} ${email} ${serverName}`;
    const traffic = traffics.get(key) ?? createTraffic(clock);
    traffics.set(key, traffic);
    return traffic;
  }

  async function make(name: string): Promise<Engine> {
    const profile = profiles.read(name);
    const engine = await createEngine({
      gate,
      profile,
      traffic: trafficOf(profile),
      folder: profiles.folder(name),
      password: () => passwords.get(name) ?? null,
      clock,
      version,
      ...(log === undefined ? {} : { log }),
      onProfileChanged: (changed) => profiles.save(changed),
      onPasswordRejected: () => passwords.delete(name),
    });
    engine.subscribe((event) => tell(name, event));
    opened.set(name, engine);
    failures.delete(name);
    return engine;
  }

  async function close(name: string): Promise<void> {
    const engine = await engines.get(name)?.catch(() => null);
    engines.delete(name);
    opened.delete(name);
    failures.delete(name);
    await engine?.stop();
  }

  return {
    names: () => [...opened.keys()].sort(),
    find: (name) => opened.get(name) ?? null,
    failure: (name) => failures.get(name) ?? null,
    open(name) {
      const known = engines.get(name);
      if (known !== undefined) return known;
      const made = make(name);
      engines.set(name, made);
      made.catch((error: unknown) => {
        failures.set(name, error);
        if (engines.get(name) === made) engines.delete(name);
      });
      return made;
    },
    close,
    setPassword(name, password) {
      if (password === null) passwords.delete(name);
      else passwords.set(name, password);
      opened.get(name)?.passwordChanged();
    },
    hasPassword: (name) => passwords.has(name),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      await Promise.all([...engines.keys()].map(close));
      passwords.clear();
    },
  };
}
