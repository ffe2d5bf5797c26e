using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Sets <c>Retry-After</c> on answers of a document's own shape; errors set their own.</summary>
public static class RetryAfter
{
    /// <summary>Asks the caller to retry in a few seconds.</summary>
    public static void ComeAgain(this HttpResponse response) => response.Headers.RetryAfter = "5";
}
