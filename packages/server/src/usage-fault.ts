/** What the administrator's own functions throw when they are asked for something that cannot be. */

/** A request of the administrator that cannot be done as it is: `ERR_USAGE`. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault';
  readonly code = 'ERR_USAGE';
}
