/** The form of GeneralName (RFC 5280 4.2.1.6), wherever one stands. What a name says is read where it is used. */

import { children, type DerElement, DerError, encoded, expectTag, readOid, TAG } from './der.ts';
import { relativeNames } from './distinguished-name.ts';

/** By tag: the nine kinds, with what can be wrong inside. */
const CHECKS: ReadonlyMap<number, (name: DerElement) => void> = new Map([
  [0xa0, checkOtherName],
  [0x81, () => {}],
  [0x82, () => {}],
  [0xa3, () => {}],
  [0xa4, checkDirectoryName],
  [0xa5, () => {}],
  [0x86, () => {}],
  [0x87, () => {}],
  [0x88, (name: DerElement) => void readOid(name)],
]);

/** Throws DerError where this is no GeneralName. */
export function checkGeneralName(name: DerElement): void {
  const check = CHECKS.get(name.tag);
  if (check === undefined) throw new DerError('name of an unknown type', name.start);
  check(name);
}

function checkOtherName(name: DerElement): void {
  const [type, value, ...surplus] = children(name);
  readOid(expectTag(type, TAG.oid, 'type of another name', name.start));
  const framed = expectTag(value, 0xa0, 'value of another name', name.start);
  if (surplus.length > 0 || children(framed).length !== 1) {
    throw new DerError('another name that is not one value', name.start);
  }
}

function checkDirectoryName(name: DerElement): void {
  const [directory, ...surplus] = children(name);
  relativeNames(encoded(expectTag(directory, TAG.sequence, 'directory name', name.start)));
  if (surplus.length > 0) throw new DerError('directory name that is not one', name.start);
}
