import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  booleanOf,
  childrenOf,
  type Element,
  type ElementForm,
  element,
  fromJson,
  member,
  pair,
  pairsOf,
  textOf,
  toJson,
} from '../src/index.ts';

/** Names that an element may have; the JSON codec's own members are none. */
const names = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,11}$/)
  .filter((name) => !['n', 'name'].includes(name));

/** Trees as a codec can carry them: a unique child is alone, a list's children stand together. */
const trees: fc.Arbitrary<Element> = fc.letrec<{ tree: Element }>((tie) => ({
  tree: fc
    .record({
      name: names,
      ns: fc.option(fc.constantFrom('urn:a', 'urn:b')),
      text: fc.option(fc.string({ unit: 'binary' }).map((text) => text.toWellFormed())),
      members: fc.uniqueArray(
        fc.tuple(
          names,
          fc.oneof(
            fc.string(),
            fc.integer(),
            fc.boolean(),
            fc.tuple(
              fc.constantFrom<ElementForm>('list', 'unique'),
              fc.array(tie('tree'), { minLength: 1, maxLength: 3, depthIdentifier: 'tree' }),
            ),
          ),
        ),
        { maxLength: 4, selector: ([name]) => name },
      ),
      pairs: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 3 }),
    })
    .map(({ name, ns, text, members, pairs }) => {
      const attributes: Record<string, boolean | number | string> = {};
      const children: Element[] = [];
      for (const [key, value] of members) {
        if (!Array.isArray(value)) attributes[key] = value;
        else {
          const [form, list] = value;
          const kept = form === 'unique' ? list.slice(0, 1) : list;
          for (const one of kept) children.push({ ...one, name: key, form });
        }
      }
      const keys = new Set(pairs.map(([key]) => key));
      for (const key of keys) {
        if (key === '__proto__') continue;
        for (const [other, value] of pairs) if (other === key) children.push(pair(key, value));
      }
      return element(name, { ns, attributes, children, text, form: 'unique' });
    }),
})).tree;

/** Order among members of different names is not kept by JSON (integer-like keys come first). */
function sorted(tree: Element): Element {
  const key = (one: Element): string => (one.form === 'pair' ? `~${textOf(one, 'n')}` : one.name);
  const children = tree.children.map(sorted);
  children.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return { ...tree, children };
}

/** A namespace that only repeats the parent's is not written. */
function withoutRepeatedNamespaces(tree: Element, inherited: string | null = null): Element {
  const ns = tree.ns === inherited ? null : tree.ns;
  return {
    ...tree,
    ns,
    children: tree.children.map((one) => withoutRepeatedNamespaces(one, tree.ns ?? inherited)),
  };
}

test('what is written as JSON is read as the same tree', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const back = fromJson(toJson(tree), tree.name, 'tree');
      assert.deepEqual(sorted(back), sorted(withoutRepeatedNamespaces(tree)));
    }),
    { numRuns: 500 },
  );
});

test('writing what was read gives the same JSON', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const once = toJson(tree);
      assert.equal(toJson(fromJson(once, tree.name, 'tree')), once);
    }),
    { numRuns: 300 },
  );
});

test('bytes that are no document give a typed error and never another one', () => {
  const errors = new Set(['ERR_JSON_INVALID', 'ERR_JSON_LIMIT']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        fromJson(bytes, 'x', 'garbage');
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && errors.has(String(error.code)));
      }
    }),
    { numRuns: 1000 },
  );
});

test('each form has its place in JSON', () => {
  const tree = element('AuthResponse', {
    ns: 'urn:zimbraAccount',
    attributes: { requestId: '7' },
    children: [
      element('authToken', { text: '0_ab' }),
      member('lifetime', 172_800_000),
      element('session', { form: 'unique', attributes: { id: '12' }, text: '12' }),
      pair('zimbraPrefX', 'a', 'pref', 'name'),
      pair('multi', 'v1', 'pref', 'name'),
      pair('multi', 'v2', 'pref', 'name'),
    ],
  });
  assert.deepEqual(JSON.parse(toJson(tree)), {
    requestId: '7',
    authToken: [{ _content: '0_ab' }],
    lifetime: '172800000',
    session: { id: '12', _content: '12' },
    _attrs: { zimbraPrefX: 'a', multi: ['v1', 'v2'] },
    _jsns: 'urn:zimbraAccount',
  });
});

test('a string is taken where an element is expected, and an element where a string is', () => {
  for (const text of ['{"password":"p"}', '{"password":{"_content":"p"}}', '{"password":["p"]}']) {
    assert.equal(textOf(fromJson(text, 'AuthRequest', 'request'), 'password'), 'p', text);
  }
});

test('1, "1" and true are all true; null is absence', () => {
  for (const [text, expected] of [
    ['{"more":1}', true],
    ['{"more":"1"}', true],
    ['{"more":true}', true],
    ['{"more":0}', false],
    ['{"more":null}', false],
    ['{}', false],
  ] as const) {
    assert.equal(booleanOf(fromJson(text, 'r', 'response'), 'more'), expected, text);
  }
});

test('keys and values are read from _attrs and from elements alike', () => {
  const expected = [
    ['email', 'a@example.test'],
    ['email', 'b@example.test'],
  ];
  const fromAttrs = fromJson('{"_attrs":{"email":["a@example.test","b@example.test"]}}', 'cn', 'r');
  assert.deepEqual(pairsOf(fromAttrs), expected);
  const fromElements = fromJson(
    '{"a":[{"n":"email","_content":"a@example.test"},{"n":"email","_content":"b@example.test"}]}',
    'cn',
    'r',
  );
  assert.deepEqual(pairsOf(fromElements), expected);
});

test('a member that is called like a method is an ordinary name', () => {
  const root = fromJson('{"toString":"a","constructor":[{"valueOf":1}]}', 'x', 'r');
  assert.equal(textOf(root, 'toString'), 'a');
  assert.equal(textOf(root, 'hasOwnProperty'), null);
  assert.equal(childrenOf(root, 'constructor').length, 1);
});

test('writing an attribute and a child of one name is a bug of the caller', () => {
  const twice = element('x', { attributes: { a: '1' }, children: [element('a')] });
  assert.throws(() => toJson(twice), TypeError);
});
