package procurement

import (
	"slices"
	"strings"
)

// moduleOf names the DTD that has a request or a message, for all of cXML 1.2: those of the public
// modules, of two the first, and those that only the network's private one has.
var moduleOf = func() map[string]string {
	types := map[string]string{}
	for module, names := range map[string]string{
		"cXML.dtd": "ApprovalRequest AuthRequest CatalogUploadRequest CopyRequest DataRequest GetPendingRequest MasterAgreementRequest OrderRequest " +
			"OrganizationDataRequest ProfileRequest ProviderSetupRequest PunchOutSetupRequest PurchaseRequisitionRequest QualityInspectionDecisionRequest " +
			"QualityInspectionRequest QualityInspectionResultRequest QualityNotificationRequest StatusUpdateRequest SubscriptionContentRequest " +
			"SubscriptionListRequest SubscriptionStatusUpdateRequest SupplierDataRequest SupplierListRequest DataAvailableMessage " +
			"OrganizationChangeMessage ProductActivityMessage ProviderDoneMessage PunchOutOrderMessage SubscriptionChangeMessage SupplierChangeMessage",
		"Fulfill.dtd": "ComponentConsumptionRequest ConfirmationRequest OrderStatusRequest ReceiptRequest SalesOrderRequest ServiceEntryRequest " +
			"ShipNoticeRequest TimeCardInfoRequest TimeCardRequest ProductReplenishmentMessage",
		"InvoiceDetail.dtd": "InvoiceDetailRequest",
		"PaymentRemittance.dtd": "ChargeFileRequest PaymentBatchRequest PaymentProposalRequest PaymentReceiptConfirmationRequest PaymentRemittanceRequest " +
			"PaymentRemittanceStatusUpdateRequest TradeRequest",
		"Quote.dtd":     "QuoteRequest QuoteMessage",
		"Contract.dtd":  "ContractRequest ContractStatusUpdateRequest",
		"Logistics.dtd": "TransportRequest TransportConfirmation",
		"Private.dtd": "BlanketOrderStatusUpdateRequest CatalogChangeRequest CollaborationRequest ContentRequest DataSyncChangeListRequest " +
			"DataSyncDataRequest InvoiceRequest L3ChargeFileRequest MapSyncRequest NotificationRequest OrderStatusDataRequest OrderStatusSetupRequest " +
			"PriceAvailabilityRequest PrivateOrganizationRequest ProofOfServiceRequest ProviderDataRequest RFxEventRequest RFxPublishRequest " +
			"RelationshipRequest S4DataPushRequest SearchRequest SessionStatusRequest SourcingUpdateRequest UpdateMigratedSupplierRequest " +
			"OrderStatusDoneMessage QuoteDataMessage",
	} {
		for name := range strings.FieldsSeq(names) {
			types[name] = module
		}
	}
	return types
}()

// supplierSent are the requests that go to buyers: nobody sends them here.
var supplierSent = []string{"ConfirmationRequest", "ShipNoticeRequest", "InvoiceDetailRequest", "InvoiceRequest", "ServiceEntryRequest", "SalesOrderRequest",
	"ComponentConsumptionRequest", "TimeCardInfoRequest", "ProofOfServiceRequest", "CatalogUploadRequest"}

// alsoIn are the types that a second public module has.
var alsoIn = map[string][]string{
	"CopyRequest": {"Fulfill.dtd", "Catalog.dtd"}, "ProviderSetupRequest": {"InvoiceDetail.dtd"}, "ProviderDoneMessage": {"InvoiceDetail.dtd"},
	"MasterAgreementRequest": {"Catalog.dtd"}, "OrderRequest": {"Catalog.dtd"}, "PunchOutSetupRequest": {"Catalog.dtd"}, "PunchOutOrderMessage": {"Catalog.dtd"},
}

// module tells where the DOCTYPE names a DTD that doesn't have what is in the document.
func (k *checker) module() {
	before, _, found := strings.Cut(k.doctype, ".dtd")
	named := before[strings.LastIndexAny(before, `/"' `)+1:] + ".dtd"
	right, known := moduleOf[k.doc.Type]
	if !found || !known || named == right || slices.Contains(alsoIn[k.doc.Type], named) {
		return
	}
	k.warn("cXML", "The DOCTYPE names "+shown(named)+", but "+k.doc.Type+" is in "+right+": readers that validate refuse the document.",
		does(thisSystem, "goes by the element"))
	k.generally()
}
