import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2023',
    // Nothing is put into the page as a data URL: its policy lets it load files of its own server alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  // While the page is written: `npm run dev`, with a server on its usual port.
  server: { proxy: { '/api': process.env.WRT_HTTP ?? 'http://127.0.0.1:7233' } },
});
