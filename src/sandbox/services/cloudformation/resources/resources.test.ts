import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { expect, test } from 'vitest';
import { RESOURCE_TYPES } from './index.ts';

/** Where the guide's pages say more than the published schema does. */
const REPLACED_BY_THE_GUIDE: Record<string, string[]> = {
  'AWS::DynamoDB::Table': ['LocalSecondaryIndexes'],
};
/** Properties that the sandbox does not know on purpose: a template with one is refused. */
const LEFT_OUT: Record<string, string[]> = {
  'AWS::Cognito::IdentityPool': ['CognitoEvents', 'CognitoStreams', 'PushSync'],
};

test("every type has the properties, the required ones and the replacements of AWS's own schema", () => {
  const database = loadAwsServiceSpecSync();
  for (const [name, type] of RESOURCE_TYPES) {
    const schema = database.lookup('resource', 'cloudFormationType', 'equals', name).only();
    const members = Object.keys(type.properties);
    const known = Object.keys(schema.properties).filter((property) => !LEFT_OUT[name]?.includes(property));
    expect(members.map((member) => member.replace('!', '')).sort(), name).toEqual(known.sort());
    const required = Object.entries(schema.properties).filter(([, property]) => property.required);
    expect(members.filter((member) => member.endsWith('!')).sort(), name).toEqual(
      required.map(([property]) => `${property}!`).sort(),
    );
    if (!type.update) continue;
    const replaced = Object.entries(schema.properties).filter(([, property]) => property.causesReplacement === 'yes');
    expect([...type.replaces].sort(), name).toEqual(
      [...replaced.map(([property]) => property), ...(REPLACED_BY_THE_GUIDE[name] ?? [])].sort(),
    );
    for (const attribute of type.attributes)
      expect([...Object.keys(schema.attributes), ...Object.keys(schema.properties)], `${name}.${attribute}`).toContain(
        attribute,
      );
  }
});
