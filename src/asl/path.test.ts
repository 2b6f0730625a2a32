import { describe, expect, test } from 'vitest';
import { AslSyntaxError, PathNotFound } from './errors.ts';
import { evaluatePath, isReferencePath, referenceSteps, parsePath } from './path.ts';
import type { Json } from './types.ts';

const menu: Json = {
  shop: { name: 'Serverlesspresso', 'open-since': 2021 },
  drinks: [
    { name: 'Espresso', price: 3, milk: false, sizes: [1, 2] },
    { name: 'Latte', price: 5, milk: true, sizes: [2, 3], syrup: 'hazelnut' },
    { name: 'Flat White', price: 5, milk: true, sizes: [2] },
  ],
};
const find = (path: string, input: Json = menu): Json =>
  evaluatePath(parsePath(path), {
    input,
    context: { Execution: { Id: 'e' } },
    variables: (name) => (name === 'drinks' ? [['first'], { price: 1 }] : undefined),
  });

describe('States Language "Paths": what a path selects', () => {
  test.each<[string, Json]>([
    ['$', menu],
    ['$.shop.name', 'Serverlesspresso'],
    ["$['shop']['open-since']", 2021],
    ['$.shop.open-since', 2021],
    ["$.shop['name','open-since']", { name: 'Serverlesspresso', 'open-since': 2021 }],
    ['$.drinks[0].name', 'Espresso'],
    ['$.drinks[-1].name', 'Flat White'],
    ['$.drinks[0,2].name', ['Espresso', 'Flat White']],
    ['$.drinks[1:].price', [5, 5]],
    ['$.drinks[:1].name', ['Espresso']],
    ['$.drinks[0:-1].name', ['Espresso', 'Latte']],
    ['$.drinks[*].price', [3, 5, 5]],
    ['$.shop.*', ['Serverlesspresso', 2021]],
    ['$..price', [3, 5, 5]],
    // Once an operator without a space before it was taken for a part of the name.
    ["$.drinks[?(@.name=='Latte')].price", [5]],
    ['$.drinks[?(@.price>=5&&@.milk==true)].name', ['Latte', 'Flat White']],
    ['$.drinks[?(@.price<5)].name', ['Espresso']],
    ['$..sizes[0]', [1, 2, 2]],
    ['$.drinks.length()', 3],
    ['$.drinks[*].price.max()', 5],
    ['$..price.sum()', 13],
    ['$$.Execution.Id', 'e'],
    ['$drinks[0][0]', 'first'],
    ['$drinks[1].price', 1],
  ])('%s', (path, expected) => {
    expect(find(path)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['@.price == 5', ['Latte', 'Flat White']],
    ['@.price != 5', ['Espresso']],
    ['@.price < 5', ['Espresso']],
    ['@.price >= 3 && @.milk == true', ['Latte', 'Flat White']],
    ['@.name == \'Latte\' || @.name == "Espresso"', ['Espresso', 'Latte']],
    ['@.syrup', ['Latte']],
    ['!(@.syrup)', ['Espresso', 'Flat White']],
    ['@.name =~ /.*e/i', ['Latte', 'Flat White']],
    ["@.name in ['Latte', 'Mocha']", ['Latte']],
    ["@.name nin ['Latte', 'Mocha']", ['Espresso', 'Flat White']],
    ['@.sizes size 1', ['Flat White']],
    ['@.sizes contains 3', ['Latte']],
    ['@.sizes empty false', ['Espresso', 'Latte', 'Flat White']],
    ['@.price == $.drinks[1].price', ['Latte', 'Flat White']],
    ['@.price > "4"', []],
    ["@.price == '5'", ['Latte', 'Flat White']],
    ["@.price === '5'", []],
    ["@.price in ['5', 1]", ['Latte', 'Flat White']],
    ['@.nothing nin [1]', ['Espresso', 'Latte', 'Flat White']],
    ['@.price =~ /[5-9]/', ['Latte', 'Flat White']],
    ['@.nothing == null', []],
  ])('a filter keeps what answers to %s', (filter, names) => {
    expect(find(`$.drinks[?(${filter})].name`)).toEqual(names);
  });

  test('a path that may find many answers with an empty list where it finds nothing', () => {
    for (const path of ['$.none[*]', '$.none[:1]', '$..none', '$.drinks[?(@.price > 9)]', '$.none[0,1]'])
      expect(find(path)).toEqual([]);
  });

  test('a path that points at one place and finds nothing there is an error', () => {
    for (const path of [
      '$.none',
      '$.drinks[3]',
      '$.drinks.name',
      '$.shop.name.first',
      '$$.Task.Token',
      '$none',
      '$.__proto__',
    ])
      expect(() => find(path)).toThrow(PathNotFound);
  });

  test('null is found', () => {
    expect(find('$.a', { a: null })).toBeNull();
  });
});

describe('States Language "Paths": what is a path', () => {
  test.each(['', 'drinks', '$.', '$.a b', '$[', "$['a", '$[a]', '$.a..', '$[?(@.a)', '$[?(@.a == )]', '@.a'])(
    '"%s" is refused with the place',
    (text) => {
      try {
        parsePath(text);
        expect.unreachable(`${text} was read`);
      } catch (error) {
        expect(error).toBeInstanceOf(AslSyntaxError);
        expect((error as AslSyntaxError).position).toBeLessThanOrEqual(text.length);
      }
    },
  );

  test('"Reference Paths": a backslash takes the meaning from the character after it', () => {
    const steps = (text: string) => referenceSteps(parsePath(text));
    expect(steps(String.raw`$.store\.book`)).toEqual(['store.book']);
    expect(steps(String.raw`$.\stor\e.boo\k`)).toEqual(['store', 'book']);
    expect(steps(String.raw`$.foo.\.bar`)).toEqual(['foo', '.bar']);
    expect(steps(String.raw`$.foo\@bar.baz\[\[.\?pretty`)).toEqual(['foo@bar', 'baz[[', '?pretty']);
    expect(steps(String.raw`$.&Ж中.\uD800\uDF46`)).toEqual(['&Ж中', '\u{10346}']);
    expect(steps('$.ledgers[0][22][315].foo')).toEqual(['ledgers', 0, 22, 315, 'foo']);
    expect(() => parsePath('$.a\\')).toThrow(AslSyntaxError);
  });

  test('a reference path names a single node', () => {
    for (const path of ['$', '$.a.b', "$['a b']", '$.a[0]', '$$.Map.Item.Value', '$variable.field'])
      expect(isReferencePath(parsePath(path))).toBe(true);
    for (const path of ['$.*', '$..a', '$.a[*]', '$.a[0,1]', '$.a[1:2]', '$.a[?(@.b)]', "$['a','b']", '$.a.length()'])
      expect(isReferencePath(parsePath(path))).toBe(false);
  });
});
