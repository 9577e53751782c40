// SPDX-License-Identifier: Apache-2.0

package scaffold

// Needs are the files and folders, relative to its own, that a built project
// runs with: a plugin directory can do without the rest.
func (p *Project) Needs() []string {
	kebab := kebab(p.Name)
	switch p.Lang {
	case "go":
		return []string{"plugin.yaml", "bin/" + p.Name}
	case "java":
		return []string{"plugin.yaml", "target/" + kebab + ".jar"}
	case "python":
		return []string{"plugin.yaml", "main.py", ".venv"}
	case "rust":
		return []string{"plugin.yaml", "bin/" + kebab}
	case "typescript":
		return []string{"plugin.yaml", "package.json", "dist", "node_modules"}
	}
	return nil
}
