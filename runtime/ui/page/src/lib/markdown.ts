// A small part of Markdown as a tree. It becomes elements, never HTML text, so that nothing in it can run.

export type Inline = { kind: 'text' | 'strong' | 'em' | 'code'; text: string } | { kind: 'link'; text: string; href: string };
export type Block =
  | { kind: 'heading'; level: number; inline: Inline[] }
  | { kind: 'paragraph' | 'quote'; inline: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; text: string };

const SPANS = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)\s]+\))/;

function inline(text: string): Inline[] {
  return text
    .split(SPANS)
    .filter(Boolean)
    .map((part): Inline => {
      if (part.startsWith('`') && part.length > 2) return { kind: 'code', text: part.slice(1, -1) };
      if (part.startsWith('**') && part.length > 4) return { kind: 'strong', text: part.slice(2, -2) };
      if (part.startsWith('*') && part.endsWith('*') && part.length > 2) return { kind: 'em', text: part.slice(1, -1) };
      const link = /^\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)$/.exec(part);
      return link?.[1] && link[2] ? { kind: 'link', text: link[1], href: link[2] } : { kind: 'text', text: part };
    });
}

export function markdown(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const heading = /^(#{1,4})\s+(.*)$/.exec(line);
    const item = /^\s*(?:[-*]|(\d+)\.)\s+(.*)$/.exec(line);
    if (line.startsWith('```')) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith('```'));
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end < 0 ? undefined : end).join('\n') });
      at = end < 0 ? lines.length : end;
    } else if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]!.length, inline: inline(heading[2]!) });
    } else if (item) {
      const last = blocks.at(-1);
      const list = last?.kind === 'list' && last.ordered === !!item[1] ? last : { kind: 'list' as const, ordered: !!item[1], items: [] };
      if (list !== last) blocks.push(list);
      list.items.push(inline(item[2]!));
    } else if (line.startsWith('> ')) {
      blocks.push({ kind: 'quote', inline: inline(line.slice(2)) });
    } else if (line.trim()) {
      const last = blocks.at(-1);
      if (last?.kind === 'paragraph' && lines[at - 1]?.trim()) last.inline.push(...inline(` ${line}`));
      else blocks.push({ kind: 'paragraph', inline: inline(line) });
    }
  }
  return blocks;
}
