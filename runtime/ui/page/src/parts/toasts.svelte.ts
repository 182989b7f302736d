// Short words about what has just been done.

export const toasts = $state<{ id: number; text: string; bad: boolean }[]>([]);
let next = 0;

export function toast(text: string, bad = false) {
  const id = next++;
  toasts.push({ id, text, bad });
  setTimeout(() => dismiss(id), bad ? 9000 : 4500);
}

export function dismiss(id: number) {
  const at = toasts.findIndex((toast) => toast.id === id);
  if (at >= 0) toasts.splice(at, 1);
}

/** Copies a text; where the browser allows no clipboard, an old way is tried. */
export async function copy(text: string, what = 'Copied') {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  toast(what);
}

export function download(name: string, data: BlobPart, type = 'application/json') {
  const url = URL.createObjectURL(new Blob([data], { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
