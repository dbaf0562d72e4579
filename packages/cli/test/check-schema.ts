/** Holds every JSON that `postern check` prints against docs/check.schema.json. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const schema: object = JSON.parse(
  readFileSync(new URL('../../../docs/check.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  schema,
);

/** Fails with what the schema does not allow, unless it allows the value. */
export function assertKeepsToSchema(value: unknown): void {
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 1));
}
