/**
 * The JSON codec of the element tree (ZCS: Element.java, SoapJSProtocol.java). Written strictly, read
 * laxly where ZCS is lax about shape (a string where an element is expected), never about syntax.
 * Bounded before anything is built: bytes, depth and number of values.
 */

import { type AttributeValue, type Element, type ElementForm, element } from './element.ts';
import { SoapFormatError } from './errors.ts';

/** What a document may cost. */
export interface CodecLimits {
  /** Bytes of the encoded document. */
  maxBytes: number;
  /** Objects and arrays inside one another. */
  maxDepth: number;
  /** Objects, arrays and values altogether. */
  maxValues: number;
}

/**
 * Limits for a request. Bytes: zimbraSoapRequestMaxSize, 15 360 000. Depth: the deepest known
 * request (a message's parts) stays under 20 levels, two JSON levels each. Values: one per 15 bytes.
 */
export const REQUEST_LIMITS: CodecLimits = {
  maxBytes: 15_360_000,
  maxDepth: 64,
  maxValues: 1_000_000,
};

/** Limits for a response: an initial sync of a million items is about 10 MB of ids. */
export const RESPONSE_LIMITS: CodecLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxDepth: 64,
  maxValues: 4_000_000,
};

/** Never a name: assigning it would change an object's prototype instead of adding a member. */
const FORBIDDEN_NAME = '__proto__';

type Json = Json[] | { [key: string]: Json } | boolean | number | string | null;

/** Writes a root element as JSON; the root's name is not written (a SOAP envelope has none in JSON). */
export function toJson(root: Element): string {
  return JSON.stringify(encode(root, null));
}

function encode(one: Element, inherited: string | null): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const ns = one.ns ?? inherited;
  for (const [name, value] of Object.entries(one.attributes)) put(out, one, name, value);
  const lists = new Map<string, unknown[]>();
  for (const child of one.children) {
    if (child.form === 'pair') continue;
    if (child.form === 'member') put(out, one, child.name, child.text ?? '');
    else if (child.form === 'unique') put(out, one, child.name, encode(child, ns));
    else {
      let list = lists.get(child.name);
      if (list === undefined) {
        list = [];
        lists.set(child.name, list);
        put(out, one, child.name, list);
      }
      list.push(encode(child, ns));
    }
  }
  const pairs = encodePairs(one);
  if (pairs !== null) out._attrs = pairs;
  if (one.text !== null) out._content = one.text;
  if (one.ns !== null && one.ns !== inherited) out._jsns = one.ns;
  return out;
}

function put(out: Record<string, unknown>, parent: Element, name: string, value: unknown): void {
  if (name === FORBIDDEN_NAME || Object.hasOwn(out, name)) {
    throw new TypeError(`"${parent.name}" cannot hold "${name}" twice in JSON`);
  }
  out[name] = value;
}

function encodePairs(parent: Element): Record<string, unknown> | null {
  const pairs = parent.children.filter((one) => one.form === 'pair');
  if (pairs.length === 0) return null;
  const out: Record<string, unknown> = {};
  for (const one of pairs) {
    const { n, name, ...more } = one.attributes;
    const key = String(n ?? name);
    if (key === FORBIDDEN_NAME) throw new TypeError(`"${parent.name}" cannot hold "${key}"`);
    const value =
      Object.keys(more).length === 0 ? (one.text ?? '') : { ...more, _content: one.text ?? '' };
    const earlier = out[key];
    if (!Object.hasOwn(out, key)) out[key] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else out[key] = [earlier, value];
  }
  return out;
}

/**
 * Reads a JSON document into an element called `name`. `what` names the document in errors.
 * Throws SoapFormatError: ERR_JSON_LIMIT before anything is built, ERR_JSON_INVALID for what is no
 * JSON, no object, not UTF-8, or holds what no element can (a list in a list, a member `__proto__`).
 */
export function fromJson(
  input: Uint8Array | string,
  name: string,
  what: string,
  limits: CodecLimits = RESPONSE_LIMITS,
): Element {
  const byteLength = typeof input === 'string' ? input.length : input.byteLength;
  if (byteLength > limits.maxBytes) {
    throw limit(`${byteLength} bytes, at most ${limits.maxBytes} allowed`, what, limits.maxBytes);
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input, what);
  measure(text, what, limits);
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    // V8's message quotes the document, which may hold a password: it is not kept as the cause.
    throw new SoapFormatError('ERR_JSON_INVALID', `${what} is not JSON`, { what });
  }
  if (!isObject(parsed)) {
    throw new SoapFormatError('ERR_JSON_INVALID', `${what} is not a JSON object`, { what });
  }
  return decode(name, parsed, 'unique', what);
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SoapFormatError('ERR_JSON_INVALID', `${what} is not UTF-8`, { what, cause });
  }
}

/** Counts depth and values in one pass over the text, so that a hostile document is refused unparsed. */
function measure(text: string, what: string, limits: CodecLimits): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        values++;
        if (depth > limits.maxDepth) {
          throw limit(`deeper than ${limits.maxDepth} levels`, what, at);
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        values++;
        break;
    }
    if (values > limits.maxValues) throw limit(`more than ${limits.maxValues} values`, what, at);
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function decode(
  name: string,
  object: { [key: string]: Json },
  form: ElementForm,
  what: string,
): Element {
  const attributes: Record<string, AttributeValue> = {};
  const children: Element[] = [];
  let text: string | null = null;
  let ns: string | null = null;
  for (const [key, value] of Object.entries(object)) {
    if (key === FORBIDDEN_NAME) throw shape(`"${name}" holds a forbidden name`, what);
    if (value === null) continue;
    if (key === '_jsns') {
      if (typeof value !== 'string') throw shape(`namespace of "${name}" is no string`, what);
      ns = value;
    } else if (key === '_content') {
      if (typeof value === 'object') throw shape(`text of "${name}" is no string`, what);
      text = String(value);
    } else if (key === '_attrs') {
      decodePairs(name, value, children, what);
    } else if (Array.isArray(value)) {
      for (const one of value) decodeListed(key, one, children, what);
    } else if (typeof value === 'object') {
      children.push(decode(key, value, 'unique', what));
    } else {
      attributes[key] = value;
    }
  }
  return { name, ns, attributes, children, text, form };
}

function decodeListed(name: string, value: Json, children: Element[], what: string): void {
  if (value === null) return;
  if (Array.isArray(value)) throw shape(`"${name}" is a list in a list`, what);
  children.push(
    typeof value === 'object'
      ? decode(name, value, 'list', what)
      : element(name, { text: String(value) }),
  );
}

function decodePairs(name: string, value: Json, children: Element[], what: string): void {
  if (!isObject(value)) throw shape(`"_attrs" of "${name}" is no object`, what);
  for (const [key, held] of Object.entries(value)) {
    if (key === FORBIDDEN_NAME) throw shape(`"${name}" holds a forbidden name`, what);
    for (const one of Array.isArray(held) ? held : [held]) {
      if (one === null) continue;
      if (Array.isArray(one)) throw shape(`"${key}" of "${name}" is a list in a list`, what);
      const found: { attributes: Readonly<Record<string, AttributeValue>>; text: string | null } =
        typeof one === 'object'
          ? decode('a', one, 'pair', what)
          : { attributes: {}, text: String(one) };
      children.push(
        element('a', {
          attributes: { ...found.attributes, n: key },
          text: found.text ?? '',
          form: 'pair',
        }),
      );
    }
  }
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shape(message: string, what: string): SoapFormatError {
  return new SoapFormatError('ERR_JSON_INVALID', message, { what });
}

function limit(message: string, what: string, offset: number): SoapFormatError {
  return new SoapFormatError('ERR_JSON_LIMIT', message, { what, offset });
}
