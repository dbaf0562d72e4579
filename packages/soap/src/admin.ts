/** The administrator's requests (`urn:zimbraAdmin`): Ping, GetServer, ModifyServer, GetConfig. Auth is in auth.ts. */

import {
  childOf,
  type Element,
  element,
  NAMESPACE,
  pairsOf,
  requiredChildOf,
  requiredTextOf,
  textOf,
} from './element.ts';

/** Name and value; an attribute with several values is there several times. */
export type AdminAttribute = readonly [name: string, value: string];

/** A server as the directory knows it. */
export interface ServerEntry {
  id: string;
  name: string;
  attributes: readonly AdminAttribute[];
}

function attributeElements(attributes: readonly AdminAttribute[]): readonly Element[] {
  return attributes.map(([n, text]) => element('a', { attributes: { n }, text }));
}

/** Builds PingRequest. */
export function pingRequest(): Element {
  return element('PingRequest', { ns: NAMESPACE.admin });
}

/** Builds PingResponse. */
export function pingResponse(): Element {
  return element('PingResponse', { ns: NAMESPACE.admin });
}

/** Builds GetServerRequest. */
export function getServerRequest(server: { by: 'id' | 'name'; value: string }): Element {
  return element('GetServerRequest', {
    ns: NAMESPACE.admin,
    children: [
      element('server', { form: 'unique', attributes: { by: server.by }, text: server.value }),
    ],
  });
}

/** Reads GetServerRequest. */
export function readGetServerRequest(request: Element): { by: string; value: string } {
  const server = requiredChildOf(request, 'server');
  return { by: textOf(server, 'by') ?? 'name', value: server.text ?? '' };
}

/** Builds ModifyServerRequest; an empty value removes the attribute. */
export function modifyServerRequest(id: string, attributes: readonly AdminAttribute[]): Element {
  return element('ModifyServerRequest', {
    ns: NAMESPACE.admin,
    children: [element('id', { form: 'member', text: id }), ...attributeElements(attributes)],
  });
}

/** Reads ModifyServerRequest. */
export function readModifyServerRequest(request: Element): {
  id: string;
  attributes: readonly AdminAttribute[];
} {
  return { id: requiredTextOf(request, 'id'), attributes: pairsOf(request) };
}

/** Builds GetServerResponse or ModifyServerResponse. */
export function serverResponse(
  name: 'GetServerResponse' | 'ModifyServerResponse',
  server: ServerEntry,
): Element {
  return element(name, {
    ns: NAMESPACE.admin,
    children: [
      element('server', {
        attributes: { id: server.id, name: server.name },
        children: attributeElements(server.attributes),
      }),
    ],
  });
}

/** Reads GetServerResponse or ModifyServerResponse. */
export function readServerResponse(response: Element): ServerEntry {
  const server = requiredChildOf(response, 'server');
  return {
    id: requiredTextOf(server, 'id'),
    name: requiredTextOf(server, 'name'),
    attributes: pairsOf(server),
  };
}

/** Builds GetConfigRequest for one attribute of the global configuration. */
export function getConfigRequest(name: string): Element {
  return element('GetConfigRequest', {
    ns: NAMESPACE.admin,
    children: [element('a', { form: 'unique', attributes: { n: name } })],
  });
}

/** Reads GetConfigRequest. */
export function readGetConfigRequest(request: Element): { name: string } {
  const attribute = childOf(request, 'a');
  return {
    name: attribute === null ? requiredTextOf(request, 'a') : requiredTextOf(attribute, 'n'),
  };
}

/** Builds GetConfigResponse. */
export function getConfigResponse(attributes: readonly AdminAttribute[]): Element {
  return element('GetConfigResponse', {
    ns: NAMESPACE.admin,
    children: attributeElements(attributes),
  });
}

/** Reads GetConfigResponse. */
export function readGetConfigResponse(response: Element): readonly AdminAttribute[] {
  return pairsOf(response);
}
