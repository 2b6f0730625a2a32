import { STRINGS, TEXT_MAP } from './shape.ts';
import { given, pick, type Properties, type ResourceType } from './type.ts';

/** What CreateUserPool and UpdateUserPool both take, by the same name. */
const SHARED = [
  'Policies',
  'DeletionProtection',
  'LambdaConfig',
  'AutoVerifiedAttributes',
  'SmsVerificationMessage',
  'EmailVerificationMessage',
  'EmailVerificationSubject',
  'VerificationMessageTemplate',
  'SmsAuthenticationMessage',
  'UserAttributeUpdateSettings',
  'MfaConfiguration',
  'DeviceConfiguration',
  'EmailConfiguration',
  'SmsConfiguration',
  'UserPoolTags',
  'AdminCreateUserConfig',
  'UserPoolAddOns',
  'AccountRecoverySetting',
  'UserPoolTier',
  'KeyConfiguration',
  'IssuerConfiguration',
];
/** What a pool is given once and for all. */
const ONLY_AT_CREATION = ['Schema', 'AliasAttributes', 'UsernameAttributes', 'UsernameConfiguration'];
/** Set by a call of their own. */
const SIGN_IN = [
  'EnabledMfas',
  'WebAuthnRelyingPartyID',
  'WebAuthnUserVerification',
  'WebAuthnFactorConfiguration',
  'EmailAuthenticationMessage',
  'EmailAuthenticationSubject',
];

function attributes(id: string, arn: unknown, region: string): Record<string, unknown> {
  const name = `cognito-idp.${region}.amazonaws.com/${id}`;
  return { Arn: arn, ProviderName: name, ProviderURL: `https://${name}`, UserPoolId: id };
}

export const userPool: ResourceType = {
  properties: {
    UserPoolName: 'string',
    UserPoolTier: 'string',
    UsernameAttributes: STRINGS,
    UsernameConfiguration: { CaseSensitive: 'boolean' },
    AliasAttributes: STRINGS,
    AutoVerifiedAttributes: STRINGS,
    AccountRecoverySetting: { RecoveryMechanisms: [{ Priority: 'integer', Name: 'string' }] },
    AdminCreateUserConfig: {
      InviteMessageTemplate: { EmailMessage: 'string', SMSMessage: 'string', EmailSubject: 'string' },
      UnusedAccountValidityDays: 'integer',
      AllowAdminCreateUserOnly: 'boolean',
    },
    Policies: {
      PasswordPolicy: {
        MinimumLength: 'integer',
        RequireLowercase: 'boolean',
        RequireUppercase: 'boolean',
        RequireNumbers: 'boolean',
        RequireSymbols: 'boolean',
        TemporaryPasswordValidityDays: 'integer',
        PasswordHistorySize: 'integer',
      },
      SignInPolicy: { AllowedFirstAuthFactors: STRINGS },
    },
    Schema: [
      {
        Name: 'string',
        AttributeDataType: 'string',
        DeveloperOnlyAttribute: 'boolean',
        Mutable: 'boolean',
        Required: 'boolean',
        StringAttributeConstraints: { MinLength: 'string', MaxLength: 'string' },
        NumberAttributeConstraints: { MinValue: 'string', MaxValue: 'string' },
      },
    ],
    MfaConfiguration: 'string',
    EnabledMfas: STRINGS,
    DeletionProtection: 'string',
    LambdaConfig: 'json',
    UserPoolAddOns: 'json',
    UserAttributeUpdateSettings: { 'AttributesRequireVerificationBeforeUpdate!': STRINGS },
    DeviceConfiguration: { DeviceOnlyRememberedOnUserPrompt: 'boolean', ChallengeRequiredOnNewDevice: 'boolean' },
    EmailConfiguration: 'json',
    SmsConfiguration: 'json',
    VerificationMessageTemplate: 'json',
    EmailVerificationMessage: 'string',
    EmailVerificationSubject: 'string',
    SmsVerificationMessage: 'string',
    SmsAuthenticationMessage: 'string',
    EmailAuthenticationMessage: 'string',
    EmailAuthenticationSubject: 'string',
    WebAuthnRelyingPartyID: 'string',
    WebAuthnUserVerification: 'string',
    WebAuthnFactorConfiguration: 'string',
    KeyConfiguration: 'json',
    IssuerConfiguration: 'json',
    UserPoolTags: TEXT_MAP,
  },
  replaces: [],
  replacesWhen: (before, after) =>
    ['UsernameAttributes', 'AliasAttributes', 'UsernameConfiguration'].filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    ),
  attributes: ['Arn', 'ProviderName', 'ProviderURL', 'UserPoolId'],
  tags: { property: 'UserPoolTags', form: 'map' },
  async create(properties, work) {
    const { UserPool } = await work.call('cognito-idp', 'CreateUserPool', {
      PoolName: properties['UserPoolName'] ?? work.name(128),
      ...pick(properties, [...SHARED, ...ONLY_AT_CREATION]),
    });
    const id = String(UserPool.Id);
    work.made(id);
    const signIn = pick(properties, SIGN_IN);
    if (Object.keys(signIn).length > 0) await work.call('cognito-idp', 'SetUserPoolMfaConfig', mfa(id, properties));
    return { id, attributes: attributes(id, UserPool.Arn, work.region) };
  },
  async update(id, properties, before, work) {
    // A new attribute of users is added; a changed one cannot be.
    const had = new Set(((before['Schema'] ?? []) as Properties[]).map((item) => item['Name']));
    const more = ((properties['Schema'] ?? []) as Properties[]).filter((item) => !had.has(item['Name']));
    if (more.length > 0)
      await work.call('cognito-idp', 'AddCustomAttributes', { UserPoolId: id, CustomAttributes: more });
    await work.call(
      'cognito-idp',
      'UpdateUserPool',
      given({ UserPoolId: id, PoolName: properties['UserPoolName'], ...pick(properties, SHARED) }),
    );
    if (JSON.stringify(pick(properties, SIGN_IN)) !== JSON.stringify(pick(before, SIGN_IN)))
      await work.call('cognito-idp', 'SetUserPoolMfaConfig', mfa(id, properties));
    return { id };
  },
  async delete(id, _properties, work) {
    await work.call('cognito-idp', 'DeleteUserPool', { UserPoolId: id });
  },
  async read(id, expected, work) {
    const { UserPool } = await work.call('cognito-idp', 'DescribeUserPool', { UserPoolId: id });
    return {
      UserPoolName: UserPool.Name,
      UsernameAttributes: UserPool.UsernameAttributes,
      AutoVerifiedAttributes: UserPool.AutoVerifiedAttributes,
      MfaConfiguration: expected['MfaConfiguration'] === undefined ? undefined : UserPool.MfaConfiguration,
    };
  },
};

function mfa(id: string, properties: Properties): Record<string, unknown> {
  const enabled: string[] = properties['EnabledMfas'] ?? [];
  return {
    UserPoolId: id,
    MfaConfiguration: properties['MfaConfiguration'],
    SoftwareTokenMfaConfiguration: enabled.includes('SOFTWARE_TOKEN_MFA') ? { Enabled: true } : undefined,
    SmsMfaConfiguration: enabled.includes('SMS_MFA') ? { SmsConfiguration: properties['SmsConfiguration'] } : undefined,
    EmailMfaConfiguration: enabled.includes('EMAIL_OTP')
      ? { Message: properties['EmailAuthenticationMessage'], Subject: properties['EmailAuthenticationSubject'] }
      : undefined,
    WebAuthnConfiguration:
      properties['WebAuthnRelyingPartyID'] === undefined && properties['WebAuthnUserVerification'] === undefined
        ? undefined
        : {
            RelyingPartyId: properties['WebAuthnRelyingPartyID'],
            UserVerification: properties['WebAuthnUserVerification'],
            FactorConfiguration: properties['WebAuthnFactorConfiguration'],
          },
  };
}
