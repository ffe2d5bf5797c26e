using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Puts the guards of docs/contract/contract.md, section Safety, before every call.</summary>
public static class GuardHosting
{
    /// <summary>Reads and checks who may call, and bounds what a call may weigh.</summary>
    /// <exception cref="ConfigurationException">The settings are wrong.</exception>
    public static WebApplicationBuilder AddGuards(this WebApplicationBuilder builder)
    {
        var options = SecurityOptions.From(builder.Configuration);
        var origins = new Origins(options);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<ErrorWriter>();
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(origins.Allows)
            .AllowAnyMethod()
            .AllowAnyHeader()
            .WithExposedHeaders(HeaderNames.RetryAfter, HeaderNames.Location)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Kestrel counts what chunks are wrapped in, too; who reads a body counts exactly (JsonBody).
            kestrel.Limits.MaxRequestBodySize = 8L * RequestLimits.MaxBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        return builder;
    }

    /// <summary>Errors, routes and guards, in the order that makes each see what it needs; endpoints come after.</summary>
    public static WebApplication UseGuards(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<SecurityOptions>();
        var errors = app.Services.GetRequiredService<ErrorWriter>();
        app.Use(next => new ErrorHandler(errors, app.Services, next).InvokeAsync);
        app.UseRouting();
        app.Use(next => new AddressGuard(options, next).InvokeAsync);
        app.UseCors();
        app.Use(next => new CallGuard(options, next).InvokeAsync);
        return app;
    }
}
