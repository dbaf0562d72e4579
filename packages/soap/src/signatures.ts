/** Signatures: GetSignatures, CreateSignature, ModifySignature, DeleteSignature. */

import {
  childrenOf,
  type Element,
  element,
  NAMESPACE,
  requiredChildOf,
  requiredTextOf,
  textOf,
} from './element.ts';

/** A signature: at most one plain and one HTML text (ZCS). The HTML is a stranger's: never render it unsanitised. */
export interface Signature {
  id: string;
  name: string;
  plain: string | null;
  html: string | null;
}

/** A signature to be made (the server gives the id unless one is given) or changed (absent parts stay). */
export interface SignatureDraft {
  id?: string | null;
  name?: string | null;
  plain?: string | null;
  html?: string | null;
}

/** What is known of a signature after it was created. */
export interface SignatureName {
  id: string;
  name: string;
}

const PLAIN = 'text/plain';
const HTML = 'text/html';

function signatureElement(signature: SignatureDraft, form: 'list' | 'unique'): Element {
  const content = (type: string, text: string | null | undefined): Element | null =>
    text === null || text === undefined ? null : element('content', { attributes: { type }, text });
  return element('signature', {
    form,
    attributes: { id: signature.id, name: signature.name },
    children: [content(PLAIN, signature.plain), content(HTML, signature.html)],
  });
}

/** The `signature` elements of a response. */
export function signatureElements(signatures: readonly Signature[]): readonly Element[] {
  return signatures.map((one) => signatureElement(one, 'list'));
}

/** Reads the `signature` elements of a response. */
export function readSignatures(parent: Element): readonly Signature[] {
  return childrenOf(parent, 'signature').map((one) => ({
    id: requiredTextOf(one, 'id'),
    name: textOf(one, 'name') ?? '',
    plain: contentOf(one, PLAIN),
    html: contentOf(one, HTML),
  }));
}

function contentOf(signature: Element, type: string): string | null {
  const found = childrenOf(signature, 'content').find(
    (one) => (textOf(one, 'type') ?? PLAIN) === type,
  );
  return found === undefined ? null : (found.text ?? '');
}

/** Builds GetSignaturesRequest. */
export function getSignaturesRequest(): Element {
  return element('GetSignaturesRequest', { ns: NAMESPACE.account });
}

/** Builds GetSignaturesResponse. */
export function getSignaturesResponse(signatures: readonly Signature[]): Element {
  return element('GetSignaturesResponse', {
    ns: NAMESPACE.account,
    children: signatureElements(signatures),
  });
}

/** Reads GetSignaturesResponse. */
export function readGetSignaturesResponse(response: Element): readonly Signature[] {
  return readSignatures(response);
}

/** Builds CreateSignatureRequest. */
export function createSignatureRequest(signature: SignatureDraft): Element {
  return element('CreateSignatureRequest', {
    ns: NAMESPACE.account,
    children: [signatureElement(signature, 'unique')],
  });
}

/** Builds CreateSignatureResponse. */
export function createSignatureResponse(created: SignatureName): Element {
  return element('CreateSignatureResponse', {
    ns: NAMESPACE.account,
    children: [signatureElement(created, 'unique')],
  });
}

/** Reads CreateSignatureResponse. */
export function readCreateSignatureResponse(response: Element): SignatureName {
  const signature = requiredChildOf(response, 'signature');
  return { id: requiredTextOf(signature, 'id'), name: textOf(signature, 'name') ?? '' };
}

/** Builds ModifySignatureRequest. */
export function modifySignatureRequest(signature: SignatureDraft & { id: string }): Element {
  return element('ModifySignatureRequest', {
    ns: NAMESPACE.account,
    children: [signatureElement(signature, 'unique')],
  });
}

/** Builds ModifySignatureResponse. */
export function modifySignatureResponse(): Element {
  return element('ModifySignatureResponse', { ns: NAMESPACE.account });
}

/** Reads the signature of CreateSignatureRequest, ModifySignatureRequest or DeleteSignatureRequest. */
export function readSignatureRequest(request: Element): SignatureDraft {
  const signature = requiredChildOf(request, 'signature');
  return {
    id: textOf(signature, 'id'),
    name: textOf(signature, 'name'),
    plain: contentOf(signature, PLAIN),
    html: contentOf(signature, HTML),
  };
}

/** Builds DeleteSignatureRequest. */
export function deleteSignatureRequest(signature: { id: string } | { name: string }): Element {
  return element('DeleteSignatureRequest', {
    ns: NAMESPACE.account,
    children: [element('signature', { form: 'unique', attributes: { ...signature } })],
  });
}

/** Builds DeleteSignatureResponse. */
export function deleteSignatureResponse(): Element {
  return element('DeleteSignatureResponse', { ns: NAMESPACE.account });
}
