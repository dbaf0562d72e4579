/**
 * Where Postern keeps its files, and the only place that reads the environment: POSTERN_HOME,
 * ZIMBRA_HOME, NO_COLOR, and on Linux whether there is a display. None of them changes trust.
 */

import os from 'node:os';
import path from 'node:path';

/** The folders of one user's Postern. */
export interface Home {
  /** Everything below is in here. */
  readonly root: string;
  /** Control socket, lock and process id of the daemon; 0700. */
  readonly run: string;
  readonly logFile: string;
  /** Home of the server on this machine: ZIMBRA_HOME, else a folder beside the rest. */
  readonly server: string;
}

/** The home that the environment names, else the user's data folder of this operating system. */
export function findHome(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Home {
  const named = environment.POSTERN_HOME;
  const root = named === undefined || named === '' ? dataFolder() : path.resolve(named);
  const zimbra = environment.ZIMBRA_HOME;
  const elsewhere = zimbra !== undefined && zimbra !== '';
  return {
    root,
    run: path.join(root, 'run'),
    logFile: path.join(root, 'log', 'daemon.log'),
    server: elsewhere ? path.resolve(zimbra) : path.join(root, 'demo-server'),
  };
}

/** Where the layers of policy are; null for one that there is not on this operating system. */
export interface PolicyPaths {
  machine: string | null;
  user: string | null;
  file: string | null;
}

/**
 * Where the administrator's and the user's policies are. On Windows there is no machine layer until
 * the registry is read: that layer alone may add roots and allow overrides, any user may create what
 * is missing in `C:\ProgramData`, and Node.js does not see there who owns a file.
 */
export function policyPaths(home: Home, platform: NodeJS.Platform = process.platform): PolicyPaths {
  return {
    machine: machinePolicy(platform),
    user: null,
    file: path.join(home.root, 'policies.json'),
  };
}

function machinePolicy(platform: NodeJS.Platform): string | null {
  if (platform === 'win32') return null;
  if (platform === 'darwin') return '/Library/Application Support/Postern/policies.json';
  return '/etc/postern/policies.json';
}

/** Whether colour is unwelcome (no-color.org: any value that is not empty). */
export function refusesColour(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const value = environment.NO_COLOR;
  return value !== undefined && value !== '';
}

/** Whether a window can be shown here: on Linux by Wayland or X, elsewhere always. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (platform === 'win32' || platform === 'darwin') return true;
  return [environment.WAYLAND_DISPLAY, environment.DISPLAY].some(
    (display) => display !== undefined && display !== '',
  );
}

/**
 * The environment for a background process: this one's without what would change the trust or the
 * behaviour of Node.js itself.
 */
export function cleanEnvironment(
  home: Home,
  inherited: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...inherited, POSTERN_HOME: home.root };
  for (const name of [
    'NODE_EXTRA_CA_CERTS',
    'NODE_OPTIONS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'NODE_USE_SYSTEM_CA',
    'SSL_CERT_DIR',
    'SSL_CERT_FILE',
  ]) {
    delete environment[name];
  }
  return environment;
}

function dataFolder(): string {
  const home = os.homedir();
  if (process.platform === 'win32') return path.join(home, 'AppData', 'Local', 'Postern');
  if (process.platform === 'darwin') {
    return path.join(home, 'Library', 'Application Support', 'Postern');
  }
  return path.join(home, '.local', 'share', 'postern');
}
