/**
 * The one element tree behind every codec. An element is what XML says it is; `form` is the one hint
 * that JSON needs beside it, and which XML ignores. Nothing here knows how a tree is written down.
 */

import { SoapFormatError } from './errors.ts';

/** An attribute's value. XML knows strings only, so readers take `1`, `'1'` and `true` alike. */
export type AttributeValue = boolean | number | string;

/**
 * How a child is written in JSON (ZCS: Element.java): `list` in an array, since it may repeat;
 * `unique` as an object; `member` as a plain member, for text alone ("content disposition");
 * `pair` in the parent's `_attrs`, for key and value.
 */
export type ElementForm = 'list' | 'member' | 'pair' | 'unique';

/** One element. Immutable; made by {@link element}. */
export interface Element {
  readonly name: string;
  /** The namespace, or null for the parent's. */
  readonly ns: string | null;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly children: readonly Element[];
  readonly text: string | null;
  readonly form: ElementForm;
}

/** What {@link element} takes. Absent attributes and children may be given as null or undefined. */
export interface ElementInit {
  ns?: string | null;
  attributes?: Readonly<Record<string, AttributeValue | null | undefined>>;
  children?: readonly (Element | null | undefined)[];
  text?: string | null;
  form?: ElementForm;
}

/** The namespaces of the protocol (ZCS: ZimbraNamespace, MailConstants, AccountConstants, AdminConstants). */
export const NAMESPACE = {
  account: 'urn:zimbraAccount',
  admin: 'urn:zimbraAdmin',
  mail: 'urn:zimbraMail',
  /** The envelope's, as JSON names it; XML has the W3C's instead. */
  soap: 'urn:zimbraSoap',
  zimbra: 'urn:zimbra',
} as const;

/** Makes an element; `form` is `list` unless said otherwise, as in ZCS. */
export function element(name: string, init: ElementInit = {}): Element {
  const attributes: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(init.attributes ?? {})) {
    if (value !== null && value !== undefined) attributes[key] = value;
  }
  const children = (init.children ?? []).filter((one) => one !== null && one !== undefined);
  return {
    name,
    ns: init.ns ?? null,
    attributes,
    children,
    text: init.text ?? null,
    form: init.form ?? 'list',
  };
}

/** Makes a child that holds text alone and is a plain member in JSON: `"lifetime":172800000`. */
export function member(name: string, text: AttributeValue | null | undefined): Element | null {
  return text === null || text === undefined
    ? null
    : element(name, { text: String(text), form: 'member' });
}

/** Makes key and value: `<a n="key">value</a>` in XML, `_attrs` in JSON. */
export function pair(key: string, value: string, name = 'a', keyAttribute = 'n'): Element {
  return element(name, { attributes: { [keyAttribute]: key }, text: value, form: 'pair' });
}

/** The first child of that name, or null. */
export function childOf(parent: Element, name: string): Element | null {
  return parent.children.find((one) => one.name === name && one.form !== 'pair') ?? null;
}

/** The first child of that name; throws ERR_SOAP_INVALID if there is none. */
export function requiredChildOf(parent: Element, name: string): Element {
  const found = childOf(parent, name);
  if (found !== null) return found;
  throw invalid(parent, `"${parent.name}" has no element "${name}"`);
}

/** All children of that name, in order. */
export function childrenOf(parent: Element, name: string): readonly Element[] {
  return parent.children.filter((one) => one.name === name && one.form !== 'pair');
}

/**
 * The text under that name: an attribute, or a child's text, whichever there is. The two are
 * one thing to a reader, because JSON cannot tell them apart.
 */
export function textOf(parent: Element, name: string): string | null {
  if (Object.hasOwn(parent.attributes, name)) return String(parent.attributes[name]);
  return childOf(parent, name)?.text ?? null;
}

/** The text under that name; throws ERR_SOAP_INVALID if there is none. */
export function requiredTextOf(parent: Element, name: string): string {
  const found = textOf(parent, name);
  if (found !== null) return found;
  throw invalid(parent, `"${parent.name}" has no "${name}"`);
}

/** A whole number under that name, or null; throws ERR_SOAP_INVALID for anything else. */
export function numberOf(parent: Element, name: string): number | null {
  const found = textOf(parent, name);
  if (found === null || found === '') return null;
  const number = Number(found);
  if (/^-?\d{1,16}$/.test(found) && Number.isSafeInteger(number)) return number;
  throw invalid(parent, `"${name}" of "${parent.name}" is not a whole number`);
}

/** A whole number under that name; throws ERR_SOAP_INVALID if there is none. */
export function requiredNumberOf(parent: Element, name: string): number {
  const found = numberOf(parent, name);
  if (found !== null) return found;
  throw invalid(parent, `"${parent.name}" has no "${name}"`);
}

/** True for `1` and `true`, false for `0`, `false` and absence; throws ERR_SOAP_INVALID for anything else. */
export function booleanOf(parent: Element, name: string): boolean {
  const found = textOf(parent, name);
  if (found === null || found === '' || found === '0' || found === 'false') return false;
  if (found === '1' || found === 'true') return true;
  throw invalid(parent, `"${name}" of "${parent.name}" is neither 0 nor 1`);
}

/**
 * Keys and values of `parent`, in order, as {@link pair} makes them: from `_attrs` in JSON, from children called
 * `name` with the key in `keyAttribute` in XML.
 */
export function pairsOf(
  parent: Element,
  name = 'a',
  keyAttribute = 'n',
): readonly (readonly [key: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const one of parent.children) {
    if (one.form !== 'pair' && one.name !== name) continue;
    const key =
      one.form === 'pair' && !Object.hasOwn(one.attributes, keyAttribute)
        ? (textOf(one, 'n') ?? textOf(one, 'name'))
        : textOf(one, keyAttribute);
    if (key !== null) pairs.push([key, one.text ?? '']);
  }
  return pairs;
}

/** Numbers of a list such as `1,2,3`; throws ERR_SOAP_INVALID where one is none. */
export function idsOf(parent: Element, name: string): readonly number[] {
  const found = textOf(parent, name);
  if (found === null || found === '') return [];
  return found.split(',').map((one) => {
    if (/^\d{1,15}$/.test(one)) return Number(one);
    throw invalid(parent, `"${name}" of "${parent.name}" is not a list of numbers`);
  });
}

/** Makes the error for an element that is not what it should be. */
export function invalid(about: Element, message: string): SoapFormatError {
  return new SoapFormatError('ERR_SOAP_INVALID', message, { what: about.name });
}
