/** The attributes of users: the standard ones (OpenID Connect) and those that a pool adds. */
import type { PoolRecord, SchemaAttribute } from './records.ts';
import { invalid } from './records.ts';

function standard(Name: string, more: Partial<SchemaAttribute> = {}): SchemaAttribute {
  const type = more.AttributeDataType ?? 'String';
  return {
    Name,
    AttributeDataType: type,
    DeveloperOnlyAttribute: false,
    Mutable: true,
    Required: false,
    ...(type === 'String' ? { StringAttributeConstraints: { MinLength: '0', MaxLength: '2048' } } : {}),
    ...(type === 'Number' ? { NumberAttributeConstraints: { MinValue: '0' } } : {}),
    ...more,
  };
}

const STANDARD: SchemaAttribute[] = [
  standard('sub', {
    Mutable: false,
    Required: true,
    StringAttributeConstraints: { MinLength: '1', MaxLength: '2048' },
  }),
  ...[
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'email',
  ].map((name) => standard(name)),
  standard('email_verified', { AttributeDataType: 'Boolean' }),
  standard('gender'),
  standard('birthdate', { StringAttributeConstraints: { MinLength: '10', MaxLength: '10' } }),
  standard('zoneinfo'),
  standard('locale'),
  standard('phone_number'),
  standard('phone_number_verified', { AttributeDataType: 'Boolean' }),
  standard('address'),
  standard('updated_at', { AttributeDataType: 'Number' }),
];

interface WantedAttribute {
  Name?: string | undefined;
  AttributeDataType?: SchemaAttribute['AttributeDataType'] | undefined;
  DeveloperOnlyAttribute?: boolean | undefined;
  Mutable?: boolean | undefined;
  Required?: boolean | undefined;
  StringAttributeConstraints?: SchemaAttribute['StringAttributeConstraints'] | undefined;
  NumberAttributeConstraints?: SchemaAttribute['NumberAttributeConstraints'] | undefined;
}

/** The whole schema of a pool: AWS's standard attributes, changed and added to as `wanted` says. */
export function makeSchema(wanted: WantedAttribute[]): SchemaAttribute[] {
  const schema = [...STANDARD];
  for (const attribute of wanted) {
    const name = attribute.Name ?? '';
    if (name === '') throw invalid('Invalid SchemaAttributes: an attribute has no name.');
    const found = schema.findIndex((known) => known.Name === name);
    const given = Object.fromEntries(Object.entries(attribute).filter(([, value]) => value !== undefined));
    if (found >= 0) {
      const known = schema[found] as SchemaAttribute;
      if (attribute.AttributeDataType !== undefined && attribute.AttributeDataType !== known.AttributeDataType)
        throw invalid(
          `You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute ${name}.`,
        );
      schema[found] = { ...known, ...given };
      continue;
    }
    if (attribute.Required === true) throw invalid('Required custom attributes are not supported currently.');
    if (attribute.AttributeDataType === undefined)
      throw invalid(`Invalid AttributeDataType input, consider using the provided AttributeDataType enum.`);
    schema.push({
      ...standard(name, { AttributeDataType: attribute.AttributeDataType }),
      Mutable: false,
      ...given,
      Name: `custom:${name.replace(/^custom:/, '')}`,
    });
  }
  return schema;
}

/** @throws ServiceError InvalidParameterException where a value does not fit the pool's schema */
export function checkAttributes(pool: PoolRecord, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const attribute = pool.schema.find((known) => known.Name === name);
    if (!attribute)
      throw invalid(`Attributes did not conform to the schema: Type for attribute {${name}} could not be determined`);
    const { StringAttributeConstraints: limits, AttributeDataType: type } = attribute;
    const bad = (reason: string): Error => invalid(`Attributes did not conform to the schema: ${name}: ${reason}`);
    if (type === 'Boolean' && !/^(?:true|false)$/i.test(value)) throw bad('Value must be a boolean');
    if (type === 'Number' && !/^-?\d+(?:\.\d+)?$/.test(value)) throw bad('Value must be a number');
    if (type === 'String' && value.length < Number(limits?.MinLength ?? 0))
      throw bad(`String must be longer than ${limits?.MinLength}`);
    if (type === 'String' && value.length > Number(limits?.MaxLength ?? 2048))
      throw bad(`String must be no longer than ${limits?.MaxLength} characters`);
  }
  if (values['email'] !== undefined && !isEmail(values['email'])) throw invalid('Invalid email address format.');
  if (values['phone_number'] !== undefined && !/^\+\d{1,20}$/.test(values['phone_number']))
    throw invalid('Invalid phone number format.');
}

export const isEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text);

export function checkRequired(pool: PoolRecord, values: Record<string, string>): void {
  for (const attribute of pool.schema)
    if (attribute.Required && attribute.Name !== 'sub' && !values[attribute.Name])
      throw invalid(`Attributes did not conform to the schema: ${attribute.Name}: The attribute is required\n`);
}
