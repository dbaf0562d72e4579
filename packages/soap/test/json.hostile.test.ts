import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CodecLimits,
  decodeRequest,
  fromJson,
  REQUEST_LIMITS,
  SoapFormatError,
} from '../src/index.ts';

const LIMITS: CodecLimits = { maxBytes: 1000, maxDepth: 10, maxValues: 50 };

const REFUSED: readonly {
  name: string;
  input: Uint8Array | string;
  code: string;
  message: string;
}[] = [
  {
    name: 'one byte too many',
    input: `{"a":"${'x'.repeat(993)}"}`,
    code: 'ERR_JSON_LIMIT',
    message: '1001 bytes, at most 1000 allowed',
  },
  {
    name: 'eleven levels of objects',
    input: `${'{"a":'.repeat(11)}1${'}'.repeat(11)}`,
    code: 'ERR_JSON_LIMIT',
    message: 'deeper than 10 levels',
  },
  {
    name: 'levels that are never closed',
    input: '['.repeat(900),
    code: 'ERR_JSON_LIMIT',
    message: 'deeper than 10 levels',
  },
  {
    name: 'many small values',
    input: `{"a":[${'1,'.repeat(60)}1]}`,
    code: 'ERR_JSON_LIMIT',
    message: 'more than 50 values',
  },
  { name: 'nothing', input: '', code: 'ERR_JSON_INVALID', message: 'request is not JSON' },
  {
    name: 'a number',
    input: '42',
    code: 'ERR_JSON_INVALID',
    message: 'request is not a JSON object',
  },
  {
    name: 'a list',
    input: '[]',
    code: 'ERR_JSON_INVALID',
    message: 'request is not a JSON object',
  },
  { name: 'HTML', input: '<html>', code: 'ERR_JSON_INVALID', message: 'request is not JSON' },
  {
    name: 'half a document',
    input: '{"a":"b',
    code: 'ERR_JSON_INVALID',
    message: 'request is not JSON',
  },
  {
    name: 'two documents',
    input: '{}{}',
    code: 'ERR_JSON_INVALID',
    message: 'request is not JSON',
  },
  {
    name: 'a list in a list',
    input: '{"a":[[1]]}',
    code: 'ERR_JSON_INVALID',
    message: '"a" is a list in a list',
  },
  {
    name: 'a prototype as member',
    input: '{"a":{"__proto__":{"admin":true}}}',
    code: 'ERR_JSON_INVALID',
    message: '"a" holds a forbidden name',
  },
  {
    name: 'a prototype as key',
    input: '{"_attrs":{"__proto__":"x"}}',
    code: 'ERR_JSON_INVALID',
    message: '"Envelope" holds a forbidden name',
  },
  {
    name: 'a namespace that is an object',
    input: '{"_jsns":{}}',
    code: 'ERR_JSON_INVALID',
    message: 'namespace of "Envelope" is no string',
  },
  {
    name: 'text that is an object',
    input: '{"_content":{}}',
    code: 'ERR_JSON_INVALID',
    message: 'text of "Envelope" is no string',
  },
  {
    name: 'keys that are a list',
    input: '{"_attrs":[]}',
    code: 'ERR_JSON_INVALID',
    message: '"_attrs" of "Envelope" is no object',
  },
  {
    name: 'bytes that are not UTF-8',
    input: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
    code: 'ERR_JSON_INVALID',
    message: 'request is not UTF-8',
  },
];

test('a hostile document is refused with its reason', async (t) => {
  for (const { name, input, code, message } of REFUSED) {
    await t.test(name, () => {
      assert.throws(
        () => fromJson(input, 'Envelope', 'request', LIMITS),
        (error) => {
          assert.ok(error instanceof SoapFormatError);
          assert.deepEqual(
            { code: error.code, message: error.message, what: error.what },
            { code, message, what: 'request' },
          );
          return true;
        },
      );
    });
  }
});

test('limits are kept exactly', () => {
  assert.equal(fromJson(`{"a":"${'x'.repeat(992)}"}`, 'x', 'r', LIMITS).name, 'x');
  assert.equal(fromJson(`${'{"a":'.repeat(10)}1${'}'.repeat(10)}`, 'x', 'r', LIMITS).name, 'x');
});

test('brackets and quotes inside strings count for nothing', () => {
  const text = JSON.stringify({ a: '[{'.repeat(100), b: '\\"[[[[[[[[[[[[\\\\' });
  assert.equal(fromJson(text, 'x', 'r', LIMITS).attributes.a, '[{'.repeat(100));
});

test('an error about a broken document does not quote it', () => {
  assert.throws(
    () => fromJson('{"password":"s3cret', 'x', 'request'),
    (error) =>
      error instanceof SoapFormatError && !`${error.message}${error.cause}`.includes('s3cret'),
  );
});

test('a request of 15 MB of brackets is refused without building anything', () => {
  const bytes = new Uint8Array(REQUEST_LIMITS.maxBytes).fill(0x5b);
  assert.throws(
    () => decodeRequest(bytes),
    (error) =>
      error instanceof SoapFormatError && error.code === 'ERR_JSON_LIMIT' && error.offset === 64,
  );
});
