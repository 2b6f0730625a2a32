/** One file, because every chapter is held against the same document and the same reference evaluator. */
import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { AslSyntaxError } from '../errors.ts';
import { Dice } from '../random.ts';
import { simulate } from '../simulate.ts';
import type { Json } from '../types.ts';
import { evaluateJsonata, JsonataError, parseJsonata } from './index.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const doc: Json = {
  orders: [
    {
      id: 'o1',
      customer: 'Ada',
      items: [
        { drink: 'Latte', price: 4.5, count: 2, extras: { milk: 'oat', size: 'L' } },
        { drink: 'Espresso', price: 2.5, count: 1, extras: { milk: 'none', size: 'S' } },
      ],
    },
    {
      id: 'o2',
      customer: 'Grace',
      items: [
        { drink: 'Latte', price: 4.5, count: 4, extras: { milk: 'soy', size: 'M' } },
        { drink: 'Flat White', price: 5, count: 1, extras: { milk: 'cow', size: 'M' } },
      ],
    },
  ],
  drinks: [
    { name: 'Latte', shelf: 1 },
    { name: 'Espresso', shelf: 2 },
  ],
  stock: [
    { shelf: 2, left: 9 },
    { shelf: 1, left: 4 },
  ],
  numbers: [1, 2, 3, 4, 5],
  one: [7],
  empty: [],
  nested: [
    [1, 2],
    [3, [4, 5]],
  ],
  inner: { a: 1, b: { c: [{ d: 1 }, { d: 2 }] } },
  text: 'coffee of the day',
  nothing: null,
  yes: true,
};

function ours(expression: string, subject: Json = doc): string {
  try {
    const value = evaluateJsonata(expression, {
      bindings: (name) => (name === 'd' ? subject : undefined),
      now: NOW,
      dice: new Dice('test'),
    });
    return value === undefined ? 'nothing' : JSON.stringify(value);
  } catch (error) {
    if (error instanceof JsonataError) return error.message;
    if (error instanceof AslSyntaxError) return error.message;
    throw error;
  }
}

async function theirs(expression: string, subject: Json = doc): Promise<string> {
  try {
    const value: unknown = await jsonata(expression).evaluate(undefined, { d: subject });
    const callable = typeof value === 'function' || JSON.stringify(value)?.includes('_jsonata_');
    return value === undefined || callable ? 'nothing' : JSON.stringify(value);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code ?? 'T0410'}: ${message}`;
  }
}

/** By chapter of docs.jsonata.org. The package's own evaluator says what is right. */
const CHAPTERS: Record<string, string> = {
  'Simple Queries and Predicate Queries': `
    $d.orders.items.drink
    $d.orders[0].items.drink
    $d.orders.items[0].drink
    ($d.orders.items)[0].drink
    $d.orders.items[-1].drink
    $d.orders.items[price > 4].drink
    $d.orders.items[extras.size = 'M' and price < 5].drink
    $d.orders[customer = 'Ada'].items[]
    $d.none.items
    $d.orders.none
    $d.one
    $d.one[]
    $d.one[0]
    $d.empty
    $d.empty[]
    $d.inner.a[]
    $d.inner.b.c[d = 1]
    $d.inner.b.c[d = 9]
    $d.numbers[[0..1]]
    $d.numbers[[1,3]]
    $d.numbers[-2]
    $d.numbers[10]
    $d.numbers[$ % 2 = 1]
    $d.nested
    $d.nested[0]
    $d.nested[0][1]
    $d.nested.$
    $d.nested.*
    $d.*
    $d.**.drink
    $d.inner.**
    $d.nothing
    $d.nothing.x
    $d."inner".'a'
    $
    $$
    $none`,
  'Functions and Expressions': `
    1 + 'a'
    'a' + 1
    1 + $d.none
    7 % 4
    -7 % 4
    -(3)
    -'a'
    1 < 'a'
    1 < null
    true < 1
    'a' < 'b'
    $d.none < 1
    1 = 1 and 'x' != 'y'
    $d.none = 1
    $d.none != 1
    [1,2] = [1,2]
    {'a':1} = {'a':1}
    true or $error('not reached')
    'a' in ['a','b']
    'a' in 'a'
    $d.text & 1 & true & null & [1]
    [1..5]
    [5..1]
    [1..3, 7..9]
    [1.5..3]
    [$d.none, 1]
    [[1]]
    [1, $d.numbers, [2]]
    $d.yes ? 'y' : 'n'
    $d.none ? 'y'`,
  'Result Structures': `
    {'a': 1, 'b': $d.none, 'c': null}
    {'a': 1, 'a': 2}
    {1: 2}
    $d.orders.{'id': id, 'n': $count(items)}
    $d.orders.[id, customer]
    $d.orders{id: customer}
    $d.orders.items{drink: price}
    $d.orders.items{drink: $sum(count)}
    $d.orders.items{drink: {'n': $sum(count), 'sizes': extras.size}}`,
  'Query Composition, Sorting, Grouping': `
    $d.numbers.($ * 10)
    $d.orders.items.(price * count)
    $sum($d.orders.items.(price * count))
    $d.orders.items^(price).drink
    $d.orders.items^(>price, <count).extras.milk
    $d.orders.items^(>price)[0].drink
    $d.numbers^(>$)
    $d.orders^(none).id
    $d.orders^(items).id
    $d.drinks^(name, shelf){name: shelf}`,
  'Path Operators: parent, index, focus': `
    $d.orders.items.{'id': %.id, 'drink': drink}
    $d.orders.items[%.id = 'o2'].drink
    $d.orders.items.extras.{'id': %.%.id, 'drink': %.drink}
    $d.drinks#$i.{'i': $i, 'name': name}
    $d.drinks#$i[$i = 1].name
    $d.orders#$o.items#$i.{'o': $o, 'i': $i}
    $d.stock@$s.drinks[shelf = $s.shelf].name
    $d.stock@$s.$d.drinks@$r[$s.shelf = $r.shelf].{'name': $r.name, 'left': $s.left}`,
  'Programming Constructs': `
    ($x := 5; $y := $x * 2; $y)
    ($x := 1; ($x := 2); $x)
    ($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))
    ($f := function($n, $acc) { $n <= 1 ? $acc : $f($n - 1, $acc * $n) }; $f(10, 1))
    ($loop := function($n) { $n = 0 ? 'done' : $loop($n - 1) }; $loop(3000))
    ($add := function($a, $b) { $a + $b }; $inc := $add(?, 1); $inc(5))
    ($first2 := $substring(?, 0, 2); $first2('coffee'))
    ($c := $uppercase ~> $trim; $c('  a '))
    'abc' ~> $uppercase
    'abc' ~> $uppercase()
    $d.numbers ~> $map(function($x) { $x + 1 }) ~> $sum()
    $d.inner ~> |$|{'z': 1}, 'a'|
    $d.inner ~> |b.c|{'e': d * 2}, ['d']|
    $d.inner ~> |b|5|
    5 ~> 6
    $none(1)
    sum([1])
    function($x)<n:n>{ $x + 1 }(2)
    function($x)<n:n>{ $x + 1 }('a')
    λ($x) { $x }(1)
    $parse
    ()`,
  'String Functions': `
    $string($d.inner)
    $string(1/3)
    $string(null)
    $string($sum)
    $length('abc')
    $length(5)
    $substring('hello', 1, 3)
    $substringBefore('hello', 'l')
    $substringAfter('hello', 'l')
    $uppercase('abc')
    $trim('  a  b ')
    $pad('x', -5, '#')
    $contains($d.text, 'fee')
    $contains($d.text, /FEE/i)
    $split($d.text, ' ')
    $split($d.text, /e+/)
    $split($d.text, 'e', 2)
    $split($d.text, /e/, 2)
    $split($d.text, 'o', -1)
    $join(['a','b'], '-')
    $join([1,2])
    $match($d.text, /f+/)
    $match($d.text, /(o)(f)/)
    $match($d.text, /zzz/)
    $match($d.text, /e/, 1)
    $replace($d.text, 'e', '3')
    $replace($d.text, /e/, '3', 1)
    $replace($d.text, /(f+)/, '<$1>')
    $replace($d.text, /o/, function($m) { $uppercase($m.match) })
    $replace($d.text, /o/, function($m) { 1 })
    $replace($d.text, '', 'x')
    $replace('265USD', /([0-9]+)USD/, '$$$1')
    $base64encode('hello')
    $base64decode('aGVsbG8=')
    $encodeUrlComponent('a b&c')
    $decodeUrl('a%20b')`,
  'Numeric Functions': `
    $number('12.5')
    $number('abc')
    $abs(-3)
    $floor(2.7)
    $round(2.5)
    $round(123.456, 2)
    $power(2, 10)
    $sqrt(-1)
    $formatNumber(12345.678, '#,###.00')
    $formatBase(255, 16)
    $formatInteger(12, 'w')
    $parseInteger('twelve', 'w')
    $sum(['a'])
    $max($d.numbers)
    $average($d.numbers)`,
  'Array, Object and Higher Order Functions': `
    $count($d.none)
    $append([1], 2)
    $sort(['b','a','c'])
    $sort([1,'a'])
    $sort($d.numbers, function($a, $b) { $a < $b })
    $reverse([1,2,3])
    $distinct([1,1,{'a':1},{'a':1}])
    $zip([1,2],[3,4])
    $keys($d.inner)
    $lookup($d.inner, 'a')
    $spread($d.inner)
    $merge([{'a':1},{'b':2}])
    $type($d.numbers)
    $error('boom')
    $assert(false, 'no')
    $each($d.inner, function($v, $k) { $k & $type($v) })
    $sift($d.inner, function($v, $k) { $k = 'a' })
    $map([1..3], function($v, $i, $a) { $v + $i + $count($a) })
    $map($d.one, function($v) { $v })
    $map($d.drinks, $type)
    $map(['a','b'], $uppercase)
    $filter($d.numbers, function($v) { $v > 4 })
    $filter($d.numbers, function($v) { $v > 10 })
    $single($d.numbers, function($v) { $v = 3 })
    $single($d.numbers, function($v) { $v > 3 })
    $single($d.numbers, function($v) { $v > 30 })
    $reduce($d.numbers, function($a, $b) { $a + $b })
    $reduce($d.numbers, function($a, $b) { $a + $b }, 100)
    $reduce($d.numbers, function($a) { $a })
    $reduce([1,2], $append)`,
  'Date/Time Functions': `
    $toMillis('2020-01-01T00:00:00Z')
    $toMillis('01/02/2020', '[M01]/[D01]/[Y0001]')
    $toMillis('soon')
    $fromMillis(0)
    $fromMillis(1577836800000, '[Y]-[M01]-[D01]')`,
  'what cannot be read': `
    1 +
    $d.orders[
    (1; 2
    'open
    {'a' 1}
    $d.%
    function(x) { x }`,
};

for (const [chapter, text] of Object.entries(CHAPTERS)) {
  test(`docs.jsonata.org "${chapter}": as the package itself evaluates`, async () => {
    const expressions = text.trim().split(/\n\s*/);
    const expected = await Promise.all(expressions.map(async (e) => `${e} → ${await theirs(e)}`));
    expect(expressions.map((e) => `${e} → ${ours(e)}`)).toEqual(expected);
  });
}

test('on any data: as the package itself evaluates', async () => {
  const expressions = [
    '$d.a',
    '$d.a.b',
    '$d.a[0]',
    '$d.a[b > 1]',
    '$d.a[b = $d.b]',
    '$d.*',
    '$d.**',
    '$d.a.*.b',
    '$d.a[]',
    '[$d.a, $d.b]',
    '$d.a.{"x": b}',
    '$d.a{$string(b): $}',
    '$d.a#$i.{"i": $i, "v": $}',
    '$d.a@$x.b[$ = $x]',
    '$d.a.b.{"up": %.b}',
    '$d.a^(b)',
    '$d ~> |a|{"z": 1}|',
    '$map($d.a, function($v, $i) { [$v, $i] })',
    '$filter($d.a, function($v) { $v.b })',
    '$reduce($d.a, function($x, $y) { $append($x, $y) })',
    '$each($d, function($v, $k) { $k })',
    '$sift($d, function($v) { $exists($v) })',
    '$sort($d.a)',
    '$distinct($d.a)',
    '$count($d.a) & $type($d.b)',
    '$d.a = $d.b or $d.a in $d.b',
    '$d.a + $d.b',
    '$d.a < $d.b',
    '$merge($d.a)',
    '$zip($d.a, $d.b)',
  ];
  const simple = fc.constantFrom(...expressions);
  const nested = fc
    .tuple(simple, simple)
    .map(([outer, inside]) => `($e := {"a": ${inside}, "b": $d.b}; ${outer.replaceAll('$d', '$e')})`);
  const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
  const inner = fc.record({ b: value }, { requiredKeys: [] }) as fc.Arbitrary<Json>;
  const data = fc.record(
    { a: fc.oneof(value, inner, fc.array(inner, { maxLength: 3 }), fc.array(fc.nat(3), { maxLength: 3 })), b: value },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Json>;
  await fc.assert(
    fc.asyncProperty(fc.oneof(simple, nested), data, async (expression, subject) => {
      const copy = structuredClone(subject);
      const expected = await theirs(expression, copy);
      // The package groups an empty list by writing into it; what it answers then is its own.
      fc.pre(JSON.stringify(copy) === JSON.stringify(subject));
      expect(ours(expression, subject)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

describe('AWS "Transforming data with JSONata": what Step Functions adds and leaves out', () => {
  test.each<[string, string]>([
    ['$partition([1,2,3,4,5], 2)', '[[1,2],[3,4],[5]]'],
    ['$partition([], 2)', '[]'],
    ['$range(1, 9, 2)', '[1,3,5,7,9]'],
    ['$range(3, 1, -1)', '[3,2,1]'],
    ['$range(1.9, 4.5, 1.5)', '[1,2,3,4]'],
    ['$partition([1,2,3], 2.9)', '[[1,2],[3]]'],
    ["$hash('a', 'SHA-256')", '"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"'],
    [`$parse('{"a": [1]}').a`, '[1]'],
    ['$random(7) = $random(7)', 'true'],
    ['$random() != $random()', 'true'],
    ['$millis()', String(NOW)],
    ['$now()', '"2026-01-02T03:04:05.000Z"'],
    ["$eval('1')", 'T1006: Attempted to invoke a non-function'],
    ['1 ?? 2', 'S0211: The symbol "?" cannot be used as a unary operator'],
    ['1 ?: 2', 'S0211: The symbol ":" cannot be used as a unary operator'],
  ])('%s is %s', (expression, expected) => {
    expect(ours(expression)).toBe(expected);
  });

  test.each(['$partition([1], 0)', '$range(1, 2, 0)', "$hash('a', 'SHA-3')", "$parse('{')"])(
    '%s fails',
    (expression) => {
      expect(ours(expression)).toMatch(/^[DT]\d{4}: /);
    },
  );

  test('AWS evaluates a hundred levels deep, and lists of a few megabytes', () => {
    expect(ours(Array(100).fill(1).join('+'))).toBe('100');
    expect(ours(Array(101).fill(1).join('+'))).toMatch(/^Stack overflow error: .* Depth=101 max=100$/);
    expect(ours('$count([1..800000])')).toBe('800000');
    const refused = 'Expression evaluation memory limit exceeded';
    expect(ours('$count([1..900000])')).toBe(refused);
    expect(ours('$count($range(1, 360145, 1))')).toBe('360145');
    expect(ours('$count($range(1, 360146, 1))')).toBe(refused);
    const doubled = (times: number) => ours(`$length($reduce([1..${times}], function($t, $_) { $t & $t }, 'x'))`);
    expect(doubled(22)).toBe(String(2 ** 22));
    expect(doubled(23)).toBe(refused);
  });

  test('what JSON has no number for is named', () => {
    expect(ours('[1/0, -1/0]')).toBe('["Infinity","-Infinity"]');
  });

  test('a function that never ends is an error', () => {
    expect(ours('($f := function($n) { 1 + $f($n) }; $f(1))')).toMatch(/^Stack overflow/);
    expect(ours('($f := function($n) { $f($n + 1) }; $f(1))')).toMatch(/^Expression evaluation timeout/);
  });

  test('the place of a syntax error is told', () => {
    expect(() => parseJsonata('1 + ')).toThrow(AslSyntaxError);
    try {
      parseJsonata("$x & 'open");
    } catch (error) {
      expect((error as AslSyntaxError).position).toBeGreaterThan(4);
    }
  });
});

describe('AWS "Transforming data with JSONata": in a state', () => {
  const output = (Output: Json, input: Json = {}) =>
    simulate({ QueryLanguage: 'JSONata', StartAt: 'S', States: { S: { Type: 'Pass', Output, End: true } } }, { input })
      .execution;

  test('only a text that is all expression is evaluated', () => {
    expect(
      output({ a: '{% $states.input.n %}', b: ['{% 1 + 1 %}', 'plain {% 1 %}'], c: '{%' }, { n: null }).output,
    ).toEqual({
      a: null,
      b: [2, 'plain {% 1 %}'],
      c: '{%',
    });
  });

  test('an array of one stays an array where it is asked for', () => {
    expect(output('{% [$states.input.list[n = 1]] %}', { list: [{ n: 1 }] }).output).toEqual([{ n: 1 }]);
  });

  test.each<[Json, string, string]>([
    [
      { a: ['{% $none %}'] },
      'Output/a[0]',
      "The JSONata expression '$none' specified for the field 'Output/a[0]' returned nothing (undefined).",
    ],
    [
      '{% 1 + "a" %}',
      'Output',
      `The JSONata expression '1 + "a"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number`,
    ],
  ])('%j fails, and says where', (Output, location, cause) => {
    const { error, cause: whole, history } = output(Output);
    expect(error).toBe('States.QueryEvaluationError');
    expect(whole).toBe(`An error occurred while executing the state 'S' (entered at the event id #2). ${cause}`);
    expect(history[2]).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: { error, cause: whole, location, state: 'S' },
    });
  });
});
