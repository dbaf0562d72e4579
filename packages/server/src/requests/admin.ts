/** Requests of `urn:zimbraAdmin`: the server's own entry and zimbraMailMode. Auth and Ping are in auth.ts. */

import {
  type AdminAttribute,
  getConfigResponse,
  readGetConfigRequest,
  readGetServerRequest,
  readModifyServerRequest,
  type ServerEntry,
  serverResponse,
} from '@postern/soap';
import { type Configuration, isMailMode, MAIL_MODES, saveConfiguration } from '../configuration.ts';
import { fault } from '../faults.ts';
import type { Handlers } from './context.ts';

function attributesOf(configuration: Configuration): readonly AdminAttribute[] {
  return [
    ['zimbraId', configuration.serverId],
    ['zimbraServiceHostname', configuration.hostName],
    ['zimbraMailMode', configuration.zimbraMailMode],
  ];
}

function entryOf(configuration: Configuration): ServerEntry {
  return {
    id: configuration.serverId,
    name: configuration.hostName,
    attributes: attributesOf(configuration),
  };
}

/** The handlers of the admin namespace, for administrators only. */
export const ADMIN_HANDLERS: Handlers = {
  GetServerRequest: async ({ services: { configuration } }, request) => {
    const { by, value } = readGetServerRequest(request);
    const own = by === 'id' ? configuration.serverId : configuration.hostName;
    if (value !== own) throw fault.noSuchServer(value.slice(0, 255));
    return serverResponse('GetServerResponse', entryOf(configuration));
  },

  ModifyServerRequest: async ({ services }, request) => {
    const { configuration, home } = services;
    const { id, attributes } = readModifyServerRequest(request);
    if (id !== configuration.serverId) throw fault.noSuchServer(id.slice(0, 64));
    for (const [name, value] of attributes) {
      if (name !== 'zimbraMailMode') {
        throw fault.invalidAttribute(`attribute cannot be changed here: ${name.slice(0, 64)}`);
      }
      if (!isMailMode(value)) {
        throw fault.invalidAttribute(`zimbraMailMode must be one of: ${MAIL_MODES.join(',')}`);
      }
      configuration.zimbraMailMode = value;
    }
    // The listeners follow at the next start, as ZCS's mailboxd has to be started anew.
    await saveConfiguration(home, configuration);
    return serverResponse('ModifyServerResponse', entryOf(configuration));
  },

  GetConfigRequest: async ({ services: { configuration } }, request) => {
    const { name } = readGetConfigRequest(request);
    const found = attributesOf(configuration).filter(
      ([key]) => key.toLowerCase() === name.toLowerCase(),
    );
    return getConfigResponse(found);
  },
};
