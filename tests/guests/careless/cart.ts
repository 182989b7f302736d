// A workflow and its activity in one file.
import { log, proxyActivities, sleep } from '@wrt/sdk/workflow';

export const activities = {
  async price(article: string): Promise<number> {
    return article.length * 100;
  },
  async currency(): Promise<string> {
    return process.env.CURRENCY ?? 'none';
  },
};

const { price, currency } = proxyActivities<typeof activities>({ startToCloseTimeout: '10s' });

/** Adds up what some articles cost. */
export async function cart(articles: string[]): Promise<{ total: string }> {
  const prices = await Promise.all(articles.map((article) => price(article)));
  log.info('asked for all prices', { count: prices.length });
  await sleep('100ms');
  return { total: `${prices.reduce((a, b) => a + b, 0)} ${await currency()}` };
}
