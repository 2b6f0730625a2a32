import { given, type ResourceType } from './type.ts';

export const userPoolDomain: ResourceType = {
  properties: {
    'UserPoolId!': 'string',
    'Domain!': 'string',
    ManagedLoginVersion: 'integer',
    CustomDomainConfig: { CertificateArn: 'string', SecurityPolicy: 'string' },
    Routing: 'json',
  },
  replaces: ['UserPoolId', 'Domain'],
  attributes: ['CloudFrontDistribution'],
  nameProperty: 'Domain',
  async create(properties, work) {
    const answer = await work.call('cognito-idp', 'CreateUserPoolDomain', properties);
    work.made(properties['Domain']);
    return {
      id: properties['Domain'],
      attributes: given({ CloudFrontDistribution: answer['CloudFrontDomain'] }),
    };
  },
  async update(id, properties, _before, work) {
    await work.call('cognito-idp', 'UpdateUserPoolDomain', properties);
    return { id };
  },
  async delete(id, properties, work) {
    await work.call('cognito-idp', 'DeleteUserPoolDomain', { UserPoolId: properties['UserPoolId'], Domain: id });
  },
};
