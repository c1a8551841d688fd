{{- define "katydid.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "katydid.labels" -}}
{{ include "katydid.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "katydid.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "katydid.suite" -}}
{{ .Values.suite.existingConfigMap | default (printf "%s-suite" (include "katydid.name" .)) }}
{{- end }}

{{- define "katydid.keySecret" -}}
{{- if .Values.clusterKey.existingSecret }}{{ .Values.clusterKey.existingSecret }}
{{- else if .Values.clusterKey.value }}{{ include "katydid.name" . }}-key
{{- end }}
{{- end }}

{{/* What a pod of either kind has. Called with root, the node's values, its component, arguments and ports. */}}
{{- define "katydid.pod" -}}
{{- $root := .root }}
metadata:
  labels:
    {{- include "katydid.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    katydid/suite: {{ toJson $root.Values.suite | sha256sum }}
    {{- with .node.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml $root.Values.podSecurityContext | nindent 4 }}
  {{- with .node.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        {{- toYaml $root.Values.securityContext | nindent 8 }}
      args:
        - -f
        - /mnt/locust/{{ $root.Values.suite.locustfile }}
        {{- range .arguments }}
        - {{ . | quote }}
        {{- end }}
        {{- range .node.args }}
        - {{ . | quote }}
        {{- end }}
      env:
        {{- with $root.Values.host }}
        - name: LOCUST_HOST
          value: {{ . | quote }}
        {{- end }}
        {{- with include "katydid.keySecret" $root }}
        - name: KATYDID_CLUSTER_KEY
          valueFrom:
            secretKeyRef:
              name: {{ . }}
              key: {{ $root.Values.clusterKey.secretKey }}
        {{- end }}
        {{- range $name, $value := .variables }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- range $name, $value := .node.env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      {{- with .node.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .ports }}
      ports:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .probes }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      resources:
        {{- toYaml .node.resources | nindent 8 }}
      volumeMounts:
        - { name: suite, mountPath: /mnt/locust, readOnly: true }
        - { name: tmp, mountPath: /tmp }
        - { name: home, mountPath: /home/locust }
        - { name: history, mountPath: /var/lib/katydid }
  volumes:
    - name: suite
      configMap:
        name: {{ include "katydid.suite" $root }}
    - name: tmp
      emptyDir: {}
    - name: home
      emptyDir: {}
    - name: history
      {{- if .claim }}
      persistentVolumeClaim:
        claimName: {{ .claim }}
      {{- else }}
      emptyDir: {}
      {{- end }}
  {{- with .node.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .node.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .node.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
