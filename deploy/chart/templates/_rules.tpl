{{/*
The rule files as JSON, name to text: those of the values, or the default rule set. Where `rules.let` gives a name
another value, its `let` in a file becomes a comment, so that lines keep their numbers, and the value stands in
values.rules, as `--set` would have it.
*/}}
{{- define "ruled.ruleFiles" -}}
{{- $files := dict -}}
{{- if .Values.rules.files -}}
{{- $files = deepCopy .Values.rules.files -}}
{{- else -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.rules" -}}
{{- $_ := set $files (base $path) ($.Files.Get $path) -}}
{{- end -}}
{{- end -}}
{{- if .Values.rules.let -}}
{{- if hasKey $files "values.rules" -}}
{{- fail "\n\nrules.files: `values.rules` is where rules.let goes; give your file another name" -}}
{{- end -}}
{{- range $name, $value := .Values.rules.let -}}
{{- $statement := printf `(?m)^[ \t]*let[ \t]+"?%s"?[ \t]*=[^\r\n]*` ($name | replace "." `\.`) -}}
{{- range $file, $text := $files -}}
{{- $_ := set $files $file (regexReplaceAll $statement $text (printf "# `%s` is set in values.rules" $name)) -}}
{{- end -}}
{{- end -}}
{{- $lines := list "# The chart's `rules.let`." "language 1" "" -}}
{{- range $name, $value := .Values.rules.let -}}
{{- $lines = append $lines (printf `let %s = "%s"` $name ($value | replace `\` `\\` | replace `"` `\"`)) -}}
{{- end -}}
{{- $_ := set $files "values.rules" (printf "%s\n" (join "\n" $lines)) -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}
