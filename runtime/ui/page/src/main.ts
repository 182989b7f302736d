import './styles/fonts.css';
import './styles/base.css';
import './styles/controls.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { followLinks } from './lib/router.svelte';
import { dress, readServer } from './lib/settings.svelte';

dress();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', dress);
followLinks();
void readServer();
mount(App, { target: document.getElementById('app')! });
