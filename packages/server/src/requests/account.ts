/** Requests of `urn:zimbraAccount`: who one is, address list, signatures, senders, preferences. */

import {
  createSignatureResponse,
  deleteSignatureResponse,
  endSessionResponse,
  getInfoResponse,
  getPrefsResponse,
  getSignaturesResponse,
  getWhiteBlackListResponse,
  modifyPrefsResponse,
  modifySignatureResponse,
  modifyWhiteBlackListResponse,
  readEndSessionRequest,
  readGetInfoRequest,
  readGetPrefsRequest,
  readModifyPrefsRequest,
  readModifyWhiteBlackListRequest,
  readSearchGalRequest,
  readSignatureRequest,
  readSyncGalRequest,
  searchGalResponse,
  syncGalResponse,
} from '@postern/soap';
import { searchGal, syncGal } from '../gal.ts';
import {
  changePreferences,
  changeSenders,
  createSignature,
  deleteSignature,
  modifySignature,
  readPreferences,
  readSenders,
  readSignatures,
} from '../preferences.ts';
import { MAX_UPLOAD_BYTES } from '../upload-limit.ts';
import { PRODUCT_VERSION } from '../version.ts';
import type { Handlers } from './context.ts';

/** The handlers of the account namespace, apart from Auth. */
export const ACCOUNT_HANDLERS: Handlers = {
  EndSessionRequest: async ({ services, context, session }, request, who) => {
    const { logOff } = readEndSessionRequest(request);
    if (session !== null) services.sessions.end(who, session.id);
    if (logOff && context.authToken) await services.tokens.end(context.authToken, who);
    return endSessionResponse();
  },

  GetInfoRequest: async ({ services, origin }, request, who) => {
    const { sections } = readGetInfoRequest(request);
    const wanted = (name: string): boolean => sections.size === 0 || sections.has(name);
    const { store, configuration } = services;
    return store.database.read(async (tx) => {
      const used = await tx
        .selectFrom('items')
        .select((eb) => eb.fn.sum<number>('size').as('bytes'))
        .where('mailbox_id', '=', who.mailboxId)
        .executeTakeFirst();
      return getInfoResponse({
        version: PRODUCT_VERSION,
        id: who.accountId,
        name: who.name,
        lifetimeMs: who.expiresAt.getTime() - store.clock.now().getTime(),
        usedBytes: wanted('mbox') ? Number(used?.bytes ?? 0) : null,
        maxUploadBytes: MAX_UPLOAD_BYTES,
        soapUrl: `${origin}/service/soap/`,
        publicUrl: origin,
        attributes: wanted('attrs')
          ? [
              ['zimbraId', who.accountId],
              ['zimbraMailHost', configuration.hostName],
              ['zimbraFeatureMAPIConnectorEnabled', 'TRUE'],
              ['zimbraFeatureGalSyncEnabled', 'TRUE'],
            ]
          : [],
        preferences: wanted('prefs') ? await readPreferences(tx, who.accountId, []) : [],
        signatures: wanted('sigs') ? await readSignatures(tx, who.accountId) : [],
      });
    });
  },

  GetPrefsRequest: async ({ services }, request, { accountId }) => {
    const names = readGetPrefsRequest(request);
    return getPrefsResponse(
      await services.store.database.read((tx) => readPreferences(tx, accountId, names)),
    );
  },

  ModifyPrefsRequest: async ({ services }, request, { accountId }) => {
    const changes = readModifyPrefsRequest(request);
    await services.store.database.write((tx) => changePreferences(tx, accountId, changes));
    return modifyPrefsResponse();
  },

  GetSignaturesRequest: async ({ services }, _, { accountId }) =>
    getSignaturesResponse(
      await services.store.database.read((tx) => readSignatures(tx, accountId)),
    ),

  CreateSignatureRequest: async ({ services }, request, { accountId }) => {
    const draft = readSignatureRequest(request);
    return createSignatureResponse(
      await services.store.database.write((tx) => createSignature(tx, accountId, draft)),
    );
  },

  ModifySignatureRequest: async ({ services }, request, { accountId }) => {
    const draft = readSignatureRequest(request);
    await services.store.database.write((tx) => modifySignature(tx, accountId, draft));
    return modifySignatureResponse();
  },

  DeleteSignatureRequest: async ({ services }, request, { accountId }) => {
    const which = readSignatureRequest(request);
    await services.store.database.write((tx) => deleteSignature(tx, accountId, which));
    return deleteSignatureResponse();
  },

  GetWhiteBlackListRequest: async ({ services }, _, { accountId }) =>
    getWhiteBlackListResponse(
      await services.store.database.read((tx) => readSenders(tx, accountId)),
    ),

  ModifyWhiteBlackListRequest: async ({ services }, request, { accountId }) => {
    const change = readModifyWhiteBlackListRequest(request);
    await services.store.database.write((tx) => changeSenders(tx, accountId, change));
    return modifyWhiteBlackListResponse();
  },

  SyncGalRequest: async ({ services }, request) => {
    const { store, configuration } = services;
    const query = readSyncGalRequest(request);
    return syncGalResponse(
      await syncGal(store.database, configuration.serverId, store.clock.now(), query),
    );
  },

  SearchGalRequest: async ({ services }, request) =>
    searchGalResponse(await searchGal(services.store.database, readSearchGalRequest(request))),
};
