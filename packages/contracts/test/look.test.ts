import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOOK_PARAMETERS, type Look, parseLook } from '@dailies/contracts';

const full = {
  name: 'full',
  describe: 'All steps.',
  contrast: { amount: 0.3 },
  tealOrange: { shadows: [5, -9], highlights: [-6, 4], saturation: 1.06 },
  splitTint: { alpha: 0.3, left: [0, 0, 255], right: [255, 0, 0] },
  vignette: { sigma: 0.6, strength: 0.5 },
  bars: { fraction: 0.12 },
} satisfies Look;

/** A copy with the value at `path` replaced; every number of a list, when it is one. */
function withValue(path: string, value: number): unknown {
  const [step, name] = path.split('.') as [keyof typeof full, string];
  const before = (full[step] as Record<string, number | number[]>)[name];
  const after = Array.isArray(before) ? before.map(() => value) : value;
  return { ...full, [step]: { ...(full[step] as object), [name]: after } };
}

const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parseLook(value), { name: 'DailiesError', code: 'LOOK_INVALID', message });

test('a look with all steps, and one with none', () => {
  assert.deepEqual(parseLook(full), full);
  assert.deepEqual(parseLook({ name: 'nothing' }), { name: 'nothing' });
});

test('the table of parameters names each one that a look has', () => {
  const { name, describe, ...steps } = full;
  const names = Object.entries(steps).flatMap(([step, parameters]) =>
    Object.keys(parameters).map((parameter) => `${step}.${parameter}`),
  );
  assert.deepEqual(names.sort(), Object.keys(LOOK_PARAMETERS).sort());
});

for (const [name, { min, max }] of Object.entries(LOOK_PARAMETERS)) {
  test(`${name} may be from ${min} to ${max}, and else is refused by name with its range`, () => {
    for (const value of [min, max]) parseLook(withValue(name, value));
    const range = new RegExp(`${name.replace('.', '\\.')}.* from ${min} to ${max}, not `);
    for (const value of [min - 1, max + 1, Number.NaN, Number.POSITIVE_INFINITY])
      refused(withValue(name, value), range);
  });
}

test('unknown steps and parameters are refused by name, with those that there are', () => {
  refused(
    { ...full, vinette: {} },
    /"vinette"; there are: name, describe, contrast, tealOrange, splitTint, vignette, bars/,
  );
  refused(
    { ...full, vignette: { sigma: 1, strength: 1, size: 3 } },
    /vignette does not know "size"; there are: sigma, strength/,
  );
});

test('missing parameters, wrong types and wrong lengths are refused by name', () => {
  refused({ name: 'x', vignette: { sigma: 1 } }, /vignette\.strength must be a number from 0 to 1 and is missing/);
  refused({ name: 'x', contrast: { amount: '0.3' } }, /contrast\.amount must be a number from 0 to 1, not "0\.3"/);
  refused({ name: 'x', contrast: 0.3 }, /contrast must be an object with amount, not 0\.3/);
  refused(
    { name: 'x', splitTint: { alpha: 1, left: [1, 2], right: [1, 2, 3] } },
    /splitTint\.left must be \[red, green, blue\], not \[1,2\]/,
  );
  refused(
    { name: 'x', splitTint: { alpha: 1, left: [1, 2, 0.5], right: [1, 2, 3] } },
    /splitTint\.left\.2 must be a whole number/,
  );
  refused({ name: 'x', tealOrange: { ...full.tealOrange, shadows: [1] } }, /tealOrange\.shadows must be \[Cb, Cr\]/);
  refused(null, /must be an object/);
  refused([], /must be an object/);
});

test('a name is fit for a file and a command line', () => {
  for (const name of ['', 'Both', 'a b', '../x', '-x', 'x'.repeat(42)]) refused({ name }, /name must be/);
  refused({}, /name must be a text and is missing/);
});

test('an error says which look, tells all that is wrong, and does not repeat long values', () => {
  assert.throws(
    () => parseLook({ name: 'x', describe: 'x'.repeat(300), bars: { fraction: 2 } }, '/looks/x.json'),
    (error: Error) => {
      assert.match(
        error.message,
        /^\/looks\/x\.json is not valid: describe must have at most 200 characters, not "x+…; bars\.fraction/,
      );
      return error.message.length < 250;
    },
  );
});
