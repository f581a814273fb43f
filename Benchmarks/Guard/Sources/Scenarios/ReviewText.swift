/// An AdmissionReview as an API server sends it: compact JSON, keys in its order, with all that nobody asked for.
struct ReviewText {
    /// A container, or what stands for one.
    struct Container {
        var name: String
        var image: String
        var arguments = 0
        var variables = 0
    }

    var name = "web-6c5f9d7b8-x2x7q"
    var labels = 3
    /// Bytes of one large annotation, such as another tool's configuration.
    var annotationBytes = 0
    var initContainers: [Container] = []
    var containers: [Container]
    var ephemeralContainers: [Container] = []
    /// Names and references of image volumes.
    var imageVolumes: [(name: String, reference: String)] = []
    /// The images of the containers before the update; nil for a creation.
    var imagesBefore: [String]?

    /// The review as bytes.
    var bytes: [UInt8] {
        let isUpdate = imagesBefore != nil
        var old = self
        for (index, image) in (imagesBefore ?? []).enumerated() where index < containers.count {
            old.containers[index].image = image
        }
        let pods = #"{"group":"","version":"v1","resource":"pods"}"#
        let pod = #"{"group":"","version":"v1","kind":"Pod"}"#
        let text = #"""
            {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":\#
            {"uid":"48b95bb9-c319-4741-a8b6-bb82b6ff73de","kind":\#(pod),"resource":\#(pods),"requestKind":\#(pod),\#
            "requestResource":\#(pods),"name":"\#(name)","namespace":"shop",\#
            "operation":"\#(isUpdate ? "UPDATE" : "CREATE")","userInfo":{"username":"system:serviceaccount:kube-system:\#
            replicaset-controller","uid":"5d1b1dcb-4bd3-4f6c-9d26-2f3a0f8a0d3c","groups":["system:serviceaccounts",\#
            "system:serviceaccounts:kube-system","system:authenticated"]},"object":\#(object(isStored: isUpdate)),\#
            "oldObject":\#(isUpdate ? old.object(isStored: true) : "null"),"dryRun":false,"options":\#
            {"kind":"\#(isUpdate ? "UpdateOptions" : "CreateOptions")","apiVersion":"meta.k8s.io/v1"}}}
            """#
        return Array(text.utf8)
    }

    private func object(isStored: Bool) -> String {
        let stored =
            isStored
            ? #""uid":"ae0d847a-8b4a-4419-b2c9-324ea11cae66","resourceVersion":"1222","#
                + #""creationTimestamp":"2025-01-21T02:48:18Z","# : ""
        let annotation =
            annotationBytes > 0
            ? #""annotations":{"configuration":"\#(String(repeating: "x", count: annotationBytes))"},"# : ""
        return #"""
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"\#(name)","generateName":"web-6c5f9d7b8-",\#
            "namespace":"shop",\#(stored)"labels":{\#(list(labels) { #""example.com/label-\#($0)":"value-\#($0)""# })},\#
            \#(annotation)"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6c5f9d7b8",\#
            "uid":"40bab8e2-b08a-4c9e-a658-eb15dbd75084","controller":true,"blockOwnerDeletion":true}],\#
            "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1",\#
            "time":"2025-01-21T02:48:18Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:generateName":{},\#
            "f:labels":{".":{},\#(list(labels) { #""f:example.com/label-\#($0)":{}"# })},"f:ownerReferences":{".":{},\#
            "k:{\"uid\":\"40bab8e2-b08a-4c9e-a658-eb15dbd75084\"}":{}}},"f:spec":{"f:containers":{\#
            \#(joined(containers.map(managed)))},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},\#
            "f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}]},"spec":{\#
            "volumes":[\#(joined(imageVolumes.map { volume($0.name, $0.reference) } + [tokenVolume]))],\#
            \#(section("initContainers", initContainers))"containers":[\#(joined(containers.map(written)))],\#
            \#(section("ephemeralContainers", ephemeralContainers))"restartPolicy":"Always",\#
            "terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default",\#
            "serviceAccount":"default","securityContext":{},"schedulerName":"default-scheduler","tolerations":[\#
            {"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},\#
            {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],\#
            "priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},\#
            "status":\#(isStored ? #"{"phase":"Pending","qosClass":"BestEffort"}"# : "{}")}
            """#
    }

    private func written(_ container: Container) -> String {
        let arguments =
            container.arguments > 0 ? #""args":[\#(list(container.arguments) { #""--option-\#($0)=\#($0)""# })],"# : ""
        let variables =
            container.variables > 0
            ? #""env":[\#(list(container.variables, variable))],"# : ""
        return #"""
            {"name":"\#(container.name)","image":"\#(container.image)",\#(arguments)\#(variables)"resources":{},\#
            "volumeMounts":[{"name":"kube-api-access-7xk2p","readOnly":true,\#
            "mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],\#
            "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",\#
            "imagePullPolicy":"IfNotPresent"}
            """#
    }

    private func managed(_ container: Container) -> String {
        let names = list(container.variables) { index in
            #""k:{\"name\":\"VARIABLE_\#(index)\"}":{".":{},"f:name":{},"f:value":{}}"#
        }
        let variables = container.variables > 0 ? #""f:env":{".":{},\#(names)},"# : ""
        let arguments = container.arguments > 0 ? #""f:args":{},"# : ""
        return #"""
            "k:{\"name\":\"\#(container.name)\"}":{".":{},\#(arguments)\#(variables)\#
            "f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},\#
            "f:terminationMessagePolicy":{}}
            """#
    }

    /// Every third with quotes and a backslash, which JSON escapes.
    private func variable(_ index: Int) -> String {
        let value =
            index % 3 == 0
            ? #"some \"quoted\" value \\ of a variable that is not short"#
            : "postgres://shop.databases.svc.cluster.local:5432/shop"
        return #"{"name":"VARIABLE_\#(index)","value":"\#(value)"}"#
    }

    private func volume(_ name: String, _ reference: String) -> String {
        #"{"name":"\#(name)","image":{"reference":"\#(reference)","pullPolicy":"IfNotPresent"}}"#
    }

    /// What the API server's service account admission adds.
    private var tokenVolume: String {
        #"""
        {"name":"kube-api-access-7xk2p","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,\#
        "path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},\#
        {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1",\#
        "fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}
        """#
    }

    private func section(_ name: String, _ containers: [Container]) -> String {
        containers.isEmpty ? "" : #""\#(name)":[\#(joined(containers.map(written)))],"#
    }

    private func list(_ count: Int, _ item: (Int) -> String) -> String { joined((0..<count).map(item)) }

    private func joined(_ items: [String]) -> String { items.joined(separator: ",") }
}
