{{- define "undersigned.name" -}}
{{- if contains "undersigned" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-undersigned" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "undersigned.selector" -}}
app.kubernetes.io/name: undersigned
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "undersigned.labels" -}}
{{ include "undersigned.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "undersigned.image" -}}
{{ required "image.repository is not set: push the image of deploy/Dockerfile to your registry, and name it." .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "undersigned.shared" -}}
{{ .Values.volumes.shared.claim | default (printf "%s-shared" (include "undersigned.name" .)) }}
{{- end }}

{{/* The "restricted" Pod Security Standard. 10001 is the user of the image. */}}
{{- define "undersigned.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "undersigned.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Security: values of a release can be read by everyone who can read its Secrets, and are often committed. */}}
{{- define "undersigned.refuse" -}}
{{- $secret := list "SECRET_KEY" "SECRET_KEY_FALLBACKS" "ADDRESS_KEYS" "ADDRESS_HASH_KEY" "LEDGER_KEY" "MIRRORS" "METRICS_TOKEN" "SENTRY_DSN" "EMAIL_PROVIDER_KEY" "EMAIL_WEBHOOK_SECRET" "EMAIL_WEBHOOK_SIGNING_KEY" "GITHUB_CLIENT_SECRET" "GOOGLE_CLIENT_SECRET" "ORCID_CLIENT_SECRET" "OIDC_CLIENT_SECRET" "DATABASE_URL" "VALKEY_URL" "BROKER_URL" "EMAIL_URL" }}
{{- $ours := list "SITE_URL" "VAR_DIR" "STATIC_ROOT" "LEDGER_DIR" "LEDGER_KEY_FILE" "METRICS_TOKEN_FILE" }}
{{- range $name, $value := .Values.settings }}
{{- if has $name $secret }}{{ fail (printf "settings.%s is secret: put it into .env, and that into the Secret %s." $name $.Values.secrets.settings) }}{{ end }}
{{- if has $name $ours }}{{ fail (printf "settings.%s is set by the chart: remove it." $name) }}{{ end }}
{{- end }}
{{- end }}

{{/* What every process gets. "direct": the address of PostgreSQL itself. */}}
{{- define "undersigned.env" -}}
{{- $database := .root.Values.database }}
- {name: SITE_URL, value: {{ printf "https://%s" (required "host is not set: the name of the site, such as letters.example.org." .root.Values.host) | quote }}}
- {name: VAR_DIR, value: /var/lib/undersigned}
- {name: STATIC_ROOT, value: /var/lib/undersigned-static}
{{- range $name, $value := .root.Values.settings }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- if and .direct $database.direct }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ $database.direct }}, key: uri}}
{{- else if $database.cluster }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ $database.cluster }}-app, key: uri}}
{{- end }}
{{- if $database.cluster }}
- {name: PGSSLMODE, value: verify-full}
- {name: PGSSLROOTCERT, value: /etc/undersigned-database/ca.crt}
{{- end }}
{{- end }}

{{/* .env is read from the working directory. */}}
{{- define "undersigned.mounts" -}}
- {name: settings, mountPath: /etc/undersigned, readOnly: true}
- {name: var, mountPath: /var/lib/undersigned}
- {name: tmp, mountPath: /tmp}
{{- if .Values.database.cluster }}
- {name: database-ca, mountPath: /etc/undersigned-database, readOnly: true}
{{- end }}
{{- end }}

{{- define "undersigned.volumes" -}}
- name: settings
  secret:
    secretName: {{ .Values.secrets.settings }}
    defaultMode: 0440
    items: [{key: .env, path: .env}]
- {name: var, emptyDir: {}}
- {name: tmp, emptyDir: {}}
{{- with .Values.database.cluster }}
# The same Secret has the key of this authority, which no pod gets.
- name: database-ca
  secret:
    secretName: {{ . }}-ca
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end }}

{{- define "undersigned.sharedVolume" -}}
- name: shared
  persistentVolumeClaim: {claimName: {{ include "undersigned.shared" . }}}
{{- end }}

{{/* Web servers and the worker of "exports" see the same lists and copies of letters. */}}
{{- define "undersigned.sharedMounts" -}}
- {name: shared, subPath: lists, mountPath: /var/lib/undersigned/lists}
- {name: shared, subPath: mirrors, mountPath: /var/lib/undersigned/mirrors}
{{- end }}

{{- define "undersigned.staticMount" -}}
- {name: shared, subPath: static, mountPath: /var/lib/undersigned-static, readOnly: true}
{{- end }}
