import { partOfApi } from './apigateway-v2.ts';

export const deployment = partOfApi({
  name: 'Deployment',
  properties: { Description: 'string', StageName: 'string' },
});
