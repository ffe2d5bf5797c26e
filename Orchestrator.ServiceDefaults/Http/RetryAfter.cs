using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>When to come again, for answers of a document's own shape; errors tell it by themselves.</summary>
public static class RetryAfter
{
    /// <summary>Says that the same call may go well in a few seconds.</summary>
    public static void ComeAgain(this HttpResponse response) => response.Headers.RetryAfter = "5";
}
