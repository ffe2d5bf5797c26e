using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>Has every error answered in the contract's shape.</summary>
internal static class ErrorHosting
{
    public static void AddErrors(this IServiceCollection services)
    {
        services.AddSingleton<ErrorWriter>();
        services.AddExceptionHandler<ExceptionAnswers>();
    }

    /// <summary>The outermost middleware.</summary>
    public static void UseErrors(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // Never called: ExceptionAnswers handles everything. The framework insists on one.
            ExceptionHandler = _ => Task.CompletedTask,
        });
        app.UseStatusCodePages(StatusAnswers.WriteAsync);
    }
}
