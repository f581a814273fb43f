# Creates a pod as a dry run and holds its image against what is expected: $FROM in $NAMESPACE must become $TO, or
# anything else where $TO is empty. A namespace that is just made has no ServiceAccount for a moment, hence the tries.
api=${API:-https://kubernetes.default.svc}
account=${ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}
security='"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}'
pod='{"apiVersion":"v1","kind":"Pod","metadata":{"name":"dry-run"},"spec":{
  "securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},
  "containers":[{"name":"shown","image":"'$FROM'","securityContext":{'$security'}}]}}'

for try in 1 2 3 4 5 6 7 8 9 10; do
    answer=$(curl -sS --max-time 10 --cacert "$account/ca.crt" \
        -H "Authorization: Bearer $(cat "$account/token")" -H 'Content-Type: application/json' \
        --data "$pod" "$api/api/v1/namespaces/$NAMESPACE/pods?dryRun=All&pretty=false" || true)
    case $answer in *'"kind":"Pod"'*) break ;; esac
    [ "$try" = 10 ] || sleep "${PAUSE:-2}"
done

image=$(printf '%s' "$answer" | sed -n 's/.*"containers":\[{[^]]*"image":"\([^"]*\)".*/\1/p')
if [ -z "$image" ]; then
    echo "FAIL the API server did not create the pod: $answer"
    exit 1
fi
if [ -n "$TO" ] && [ "$image" != "$TO" ]; then
    echo "FAIL $FROM became $image, not $TO"
    exit 1
fi
if [ -z "$TO" ] && [ "$image" = "$FROM" ]; then
    echo "FAIL $FROM was not rewritten in $NAMESPACE: do the rules speak of it there, and does the webhook answer?"
    exit 1
fi
echo "ok $FROM becomes $image"
