"""The component's side of the contract. Importable in components only: the modules of `wit_world` are made by the build."""
