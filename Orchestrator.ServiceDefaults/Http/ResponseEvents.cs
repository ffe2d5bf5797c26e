using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>What happens around an answer.</summary>
public static class ResponseEvents
{
    /// <summary>Has something done once the answer is on its way, or nobody waits for it any more; it has to be quick.</summary>
    public static void WhenSent(this HttpResponse response, Action action) => response.OnCompleted(
        static action =>
        {
            ((Action)action).Invoke();
            return Task.CompletedTask;
        },
        action);
}
